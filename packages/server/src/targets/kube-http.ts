import http from 'node:http';
import https from 'node:https';
import { EagleError, messageOf } from '@kube-eagle/profile';
import type { KubeAnswer, KubeApi, KubeRequest } from './kube-api.ts';
import type { KubeAccess } from './kube-config.ts';
import type { TokenSource } from './kube-token.ts';

const UNAUTHORIZED = 401;

/** The API at an address, asked over HTTP/1.1 with one connection for each watch. */
export function openKubeHttp(access: KubeAccess, token: TokenSource): KubeApi & Disposable {
  const { server, tls } = access;
  const isSecure = server.protocol === 'https:';
  const agent = isSecure
    ? new https.Agent({ keepAlive: true, ...tls })
    : new http.Agent({ keepAlive: true });
  const request = isSecure ? https.request : http.request;
  const base = server.href.replace(/\/$/, '');

  async function ask({ path, accept }: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
    const bearer = await token.get();
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    request(`${base}${path}`, {
      agent,
      signal,
      headers: { accept, ...(bearer !== '' && { authorization: `Bearer ${bearer}` }) },
    })
      .on('response', resolve)
      .on('error', (cause) => reject(unanswered(base, cause, signal)))
      .end();
    const response = await promise;
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: secondsOf(response.headers['retry-after']),
      body: bodyOf(response, base, signal),
    };
  }

  return {
    server: base,
    async get(what, signal) {
      const answer = await ask(what, signal);
      if (answer.status === UNAUTHORIZED) token.refused();
      return answer;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function* bodyOf(
  response: http.IncomingMessage,
  server: string,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array;
  } catch (cause) {
    throw unanswered(server, cause, signal);
  }
}

/** What an abort was for, else that nobody answers. */
function unanswered(server: string, cause: unknown, signal: AbortSignal): EagleError {
  if (signal.reason instanceof EagleError) return signal.reason;
  return new EagleError('unavailable', `Kubernetes API at ${server}: ${messageOf(cause)}`, {
    cause,
  });
}

/** Of the two forms of Retry-After, Kubernetes uses seconds. */
function secondsOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? seconds * 1_000
    : undefined;
}
