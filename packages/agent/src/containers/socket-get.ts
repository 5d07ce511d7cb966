import { type IncomingMessage, request } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { EagleError, messageOf } from '@kube-eagle/profile';

/** A GET over a local socket, the only kind of request that is sent to Docker's. */
export interface SocketGet {
  readonly socketPath: string;
  readonly path: string;
  /** Until the answer has begun; for {@link getJson}, until it has ended. */
  readonly timeoutMs: number;
}

const MAX_COMPLAINT = 200;

/**
 * The JSON of an answer, at most `maxBytes` of it. Throws `permission_denied` where the socket may not
 * be used, `unavailable` for anything else that gives no such answer.
 */
export async function getJson(
  get: SocketGet,
  maxBytes: number,
  signal: AbortSignal,
): Promise<unknown> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(get.timeoutMs)]);
  const answer = await open(get, late);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`expected at most ${maxBytes} bytes, got more`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw broken(get, error);
  } finally {
    answer.destroy();
  }
}

/** A line of an answer; `tooLong` for one of which nothing was kept. */
export type Line = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'too_long' };

/**
 * The lines of an answer as they come, until it ends; resolves once it has begun. Throws like
 * {@link getJson}, also while lines are read.
 */
export async function getLines(
  get: SocketGet,
  maxLineBytes: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Line>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), get.timeoutMs);
  const answer = await open(get, AbortSignal.any([signal, late.signal])).finally(() =>
    clearTimeout(timer),
  );
  return linesOf(answer, get, maxLineBytes);
}

async function* linesOf(
  answer: IncomingMessage,
  get: SocketGet,
  maxLineBytes: number,
): AsyncIterable<Line> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  let isTooLong = false;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const [first = '', ...rest] = decoder.write(chunk).split('\n');
      begun += first;
      for (const next of rest) {
        yield isTooLong ? { kind: 'too_long' } : { kind: 'line', text: begun };
        isTooLong = false;
        begun = next;
      }
      if (begun.length <= maxLineBytes) continue;
      isTooLong = true;
      begun = '';
    }
  } catch (error) {
    throw broken(get, error);
  } finally {
    answer.destroy();
  }
}

/** The head of an answer that is 200. */
async function open(get: SocketGet, signal: AbortSignal): Promise<IncomingMessage> {
  const { socketPath, path } = get;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { socketPath, path, method: 'GET', headers: { host: 'docker' }, agent: false };
  const asking = request({ ...options, signal }, resolve);
  asking.on('error', reject);
  asking.end();
  const answer = await promise.catch((error: unknown) => {
    throw broken(get, error);
  });
  if (answer.statusCode === 200) return answer;
  const [complaint = ''] = await answer.take(1).toArray();
  answer.destroy();
  const said = String(complaint).slice(0, MAX_COMPLAINT);
  throw broken(get, new Error(`expected status 200, got ${answer.statusCode}: ${said}`));
}

function broken({ socketPath, path }: SocketGet, cause: unknown): EagleError {
  const { code } = cause as { readonly code?: unknown };
  const isRefused = code === 'EACCES' || code === 'EPERM';
  return new EagleError(
    isRefused ? 'permission_denied' : 'unavailable',
    `GET ${path.split('?')[0]} of ${socketPath}: ${messageOf(cause)}`,
    { cause },
  );
}
