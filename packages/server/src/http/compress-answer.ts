import { Readable } from 'node:stream';
import type { onSendAsyncHookHandler } from 'fastify';
import { answerCompression } from './compression.ts';

/** Answers shorter than this are sent as they are. */
const MIN_BYTES = 1_024;

const COMPRESSIBLE = /^(?:text\/|application\/(?:json|javascript|manifest\+json)|image\/svg)/;

/** Fastify's onSend hook that compresses text for peers that take it. */
export const compressAnswer: onSendAsyncHookHandler = async (request, reply, payload) => {
  if (reply.hasHeader('content-encoding') || payload === null || payload === undefined) {
    return payload;
  }
  if (!COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? ''))) return payload;
  reply.header('vary', 'accept-encoding');
  const source = sourceOf(payload);
  const compression = answerCompression(header(request.headers['accept-encoding']));
  if (!source || !compression || request.method === 'HEAD') return payload;
  reply.header('content-encoding', compression.name);
  reply.removeHeader('content-length');
  source.once('error', (error) => compression.stream.destroy(error));
  compression.stream.once('close', () => source.destroy());
  return source.pipe(compression.stream);
};

/** The payload as a stream; `undefined` where it is too short to be worth it. */
function sourceOf(payload: unknown): Readable | undefined {
  if (payload instanceof Readable) return payload;
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined;
  const bytes = Buffer.from(payload as string);
  return bytes.length < MIN_BYTES ? undefined : Readable.from([bytes]);
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
