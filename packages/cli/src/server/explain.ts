import { fromConnectError } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** System errors that mean nobody answers there. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** What Connect says when an answer is not one of its own. */
const NOT_OURS =
  /^HTTP \d|content[- ]type|cannot (decode|parse)|premature|protocol error|illegal|invalid (wire|tag)/i;

/** An error of a request, with what to do about it where nobody or somebody else answered. */
export function explained(error: unknown, url: string): EagleError {
  const systemCode = systemCodeOf(error);
  if (systemCode !== undefined) {
    return new EagleError(
      'unavailable',
      [
        `no server answers at ${url} (${systemCode})`,
        '  start one:        npm start',
        '  or name another:  --server URL, or KUBE_EAGLE_SERVER=URL',
        '  in a cluster:     kubectl -n kube-eagle port-forward svc/kube-eagle-server 4040',
      ].join('\n'),
      { cause: error },
    );
  }
  const known = error instanceof TypeError ? undefined : fromConnectError(error);
  const message = known?.message ?? String(error);
  if (known?.code === 'unauthenticated') {
    return new EagleError(
      'unauthenticated',
      `${message}\n  give it with --token TOKEN or KUBE_EAGLE_TOKEN=TOKEN`,
      { cause: error },
    );
  }
  if (
    !known ||
    (['unknown', 'unimplemented', 'internal'].includes(known.code) && NOT_OURS.test(message))
  ) {
    return new EagleError(
      'unknown',
      `${url} answers, but not as a kube-eagle server: ${message}\n  check --server and KUBE_EAGLE_SERVER`,
      { cause: error },
    );
  }
  return known;
}

/** The system's code anywhere in the chain of causes. */
function systemCodeOf(error: unknown): string | undefined {
  let cause: unknown = error;
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++, cause = cause.cause) {
    const code = (cause as { readonly code?: unknown }).code;
    if (typeof code === 'string' && UNREACHABLE.has(code)) return code;
  }
  return undefined;
}
