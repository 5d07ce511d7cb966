import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';

/** How Connect begins what it says of a message that does not read as its type. */
const UNREADABLE = 'parse binary: ';

/**
 * A gate of Connect's for all its protocols, unary and streamed. Connect calls a protobuf message
 * that cannot be read its own fault (`internal`); it is its sender's, so the code becomes
 * `invalid_argument`. No interceptor sees such a call, but its signal aborts with the error before
 * the error is written.
 */
export function blameSender({ signal, method }: HandlerContext): void {
  const blame = (): void => {
    const { reason } = signal;
    if (!(reason instanceof ConnectError) || !reason.rawMessage.startsWith(UNREADABLE)) return;
    const why = reason.rawMessage.slice(UNREADABLE.length);
    const rawMessage = `expected ${method.input.typeName} as protobuf, got other bytes: ${why}`;
    Object.assign(reason, { code: Code.InvalidArgument, rawMessage });
  };
  signal.addEventListener('abort', blame, { once: true });
}
