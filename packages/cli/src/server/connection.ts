import type { Interceptor, Transport } from '@connectrpc/connect';
import { CODES, createEagleClient, DEFAULT_PORT, type EagleClient } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** Where a server is and how to get in. */
export interface ServerAddress {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
}

/** A server to ask. */
export interface Connection {
  readonly url: string;
  readonly client: EagleClient;
  /** The body of `GET path`. Throws an {@link EagleError} for any status but 200. */
  get(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export const DEFAULT_SERVER: string = `http://127.0.0.1:${DEFAULT_PORT}`;

/** The address of what the user named. Throws `invalid_argument` for anything but http or https. */
export function serverAddress(text: string, token: string | undefined): ServerAddress {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new EagleError(
      'invalid_argument',
      `expected a server such as ${DEFAULT_SERVER}, got ${JSON.stringify(text)}: see --server and KUBE_EAGLE_SERVER`,
    );
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new EagleError(
      'invalid_argument',
      'expected a token of printable characters without blanks: see --token and KUBE_EAGLE_TOKEN',
    );
  }
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), token };
}

/** A connection over any transport and any `fetch`. */
export function createConnection(
  { url, token }: ServerAddress,
  transport: Transport,
  fetcher: typeof fetch,
): Connection {
  return {
    url,
    client: createEagleClient(transport),
    async get(path, signal) {
      const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetcher(`${url}${path}`, { headers, signal });
      if (!answer.ok) throw await refusalOf(answer);
      return answer.body ?? emptyBody();
    },
  };
}

/** Sends the token with every call. */
export function bearer(token: string | undefined): readonly Interceptor[] {
  if (token === undefined) return [];
  return [
    (next) => (request) => {
      request.header.set('authorization', `Bearer ${token}`);
      return next(request);
    },
  ];
}

async function* emptyBody(): AsyncIterable<Uint8Array> {}

const MAX_REFUSAL_LENGTH = 300;

/** The error of an HTTP answer: the server's own words where it has any. */
async function refusalOf(answer: Response): Promise<EagleError> {
  const body = await answer.text().catch(() => '');
  const own = ownError(body);
  if (own) return own;
  const text = `HTTP ${answer.status} ${answer.statusText}: ${body}`;
  return new EagleError('unknown', text.slice(0, MAX_REFUSAL_LENGTH));
}

function ownError(body: string): EagleError | undefined {
  try {
    const { code, message } = JSON.parse(body);
    if (typeof message !== 'string' || !Object.hasOwn(CODES, code)) return undefined;
    return new EagleError(code, message);
  } catch {
    return undefined;
  }
}
