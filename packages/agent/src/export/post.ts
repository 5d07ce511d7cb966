import * as http from 'node:http';
import * as https from 'node:https';
import { EagleError } from '@kube-eagle/profile';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Its first bytes; the rest is read and thrown away. */
  readonly body: Buffer;
}

export interface PostRequest {
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

/** Sends requests to one URL over connections that stay open between them. */
export interface Poster extends Disposable {
  /** Throws `unavailable` for anything that keeps a whole answer from coming. */
  post(request: PostRequest, signal: AbortSignal): Promise<Answer>;
}

export interface PosterOptions {
  readonly url: URL;
  /** Until a request has its whole answer. */
  readonly timeoutMs: number;
  /** Of an answer, what is kept. */
  readonly answerBytes: number;
}

/** A poster by HTTP/1.1, plain or TLS as the URL says. */
export function createPoster({ url, timeoutMs, answerBytes }: PosterOptions): Poster {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });

  function send({ headers, body }: PostRequest, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const outgoing = request(url, { method: 'POST', agent, headers, signal }, (incoming) => {
      readAnswer(incoming, answerBytes).then(resolve, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  }

  return {
    async post(request, signal) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        return await send(request, AbortSignal.any([signal, deadline]));
      } catch (cause) {
        const came = deadline.aborted ? `none in ${timeoutMs} ms` : (cause as Error).message;
        throw new EagleError('unavailable', `expected an answer of ${url.origin}, got ${came}`, {
          cause,
        });
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function readAnswer(incoming: http.IncomingMessage, limit: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
  }
  const { statusCode: status = 0, headers } = incoming;
  return { status, headers, body: Buffer.concat(chunks) };
}
