import { fromConnectError } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** System errors that mean nobody answers there. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** System errors that mean somebody answered, and then no more. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What Connect says when an answer is not one of its own. */
const NOT_OURS =
  /^HTTP \d|content[- ]type|cannot (decode|parse)|premature|protocol error|illegal|invalid (wire|tag)/i;

/** An error of a request, with what to do about it where nobody or somebody else answered. */
export function explained(error: unknown, url: string): EagleError {
  const broken = systemCodeOf(error, BROKEN);
  if (broken !== undefined) {
    return new EagleError(
      'unavailable',
      `the connection to ${url} broke (${broken}): ask again; if it goes on, the server's log tells why`,
      { cause: error },
    );
  }
  const unreachable = systemCodeOf(error, UNREACHABLE);
  if (unreachable !== undefined) {
    return new EagleError(
      'unavailable',
      [
        `no server answers at ${url} (${unreachable})`,
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

/** The first of some system codes in the chain of causes. */
function systemCodeOf(error: unknown, codes: ReadonlySet<string>): string | undefined {
  let cause: unknown = error;
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++, cause = cause.cause) {
    const code = (cause as { readonly code?: unknown }).code;
    if (typeof code === 'string' && codes.has(code)) return code;
  }
  return undefined;
}
