import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import type { ByteHold } from './byte-budget.ts';
import { refusal } from './refusal.ts';

const DECODERS: Readonly<Record<string, (() => Readable & NodeJS.WritableStream) | undefined>> = {
  identity: undefined,
  gzip: createGunzip,
  'x-gzip': createGunzip,
  zstd: createZstdDecompress,
};

/**
 * The body of a request, decoded as its `content-encoding` says. Reading and decoding stop at the
 * bounds, so a body that unpacks to a terabyte costs no more than one of the allowed size.
 *
 * Throws `resource_exhausted` (HTTP 413) beyond a bound, `unimplemented` (HTTP 415) for another
 * encoding, `invalid_argument` for bytes that do not decode, `canceled` where the peer left.
 */
export async function readBody(
  request: IncomingMessage,
  hold: ByteHold,
  limits: Limits,
): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!Object.hasOwn(DECODERS, encoding)) {
    throw refusal(
      415,
      'unimplemented',
      `expected content-encoding gzip, zstd or none, got ${JSON.stringify(encoding)}`,
    );
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  const maxBytes = limits.value('body_bytes');
  if (declared > maxBytes) {
    limits.hit('body_bytes');
    throw tooLarge(`expected a body of at most ${maxBytes} bytes, got ${declared}`);
  }
  const decoder = DECODERS[encoding]?.();
  if (!decoder) return await collect(request, { name: 'body_bytes', hold, limits });
  return await decode(request, decoder, { hold, limits });
}

function tooLarge(message: string): EagleError {
  return refusal(413, 'resource_exhausted', message);
}

interface Bound {
  readonly hold: ByteHold;
  readonly limits: Limits;
}

async function collect(
  source: Readable,
  { name, hold, limits }: Bound & { readonly name: 'body_bytes' | 'decoded_body_bytes' },
): Promise<Buffer> {
  const maxBytes = limits.value(name);
  const chunks: Buffer[] = [];
  let length = 0;
  // A loop that ends early would destroy the socket before the refusal is written.
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > maxBytes) {
      limits.hit(name);
      throw tooLarge(`expected at most ${maxBytes} bytes of ${WORDS[name]}, got more`);
    }
    hold.add(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const WORDS = { body_bytes: 'body', decoded_body_bytes: 'decoded body' } as const;

async function decode(
  request: IncomingMessage,
  decoder: Readable & NodeJS.WritableStream,
  { hold, limits }: Bound,
): Promise<Buffer> {
  const maxBytes = limits.value('body_bytes');
  let read = 0;
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    request.unpipe(decoder);
    decoder.destroy();
  };
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read <= maxBytes || failure !== undefined) return;
    limits.hit('body_bytes');
    fail(tooLarge(`expected a body of at most ${maxBytes} bytes, got more`));
  });
  request.once('error', fail);
  request.once('aborted', () => fail(new EagleError('canceled', 'the peer left')));
  request.pipe(decoder);
  try {
    return await collect(decoder, { name: 'decoded_body_bytes', hold, limits });
  } catch (error) {
    request.unpipe(decoder);
    decoder.destroy();
    const cause = failure ?? error;
    if (cause instanceof EagleError) throw cause;
    throw new EagleError(
      'invalid_argument',
      `the body does not decode as its content-encoding says: ${String((cause as Error).message)}`,
      { cause },
    );
  }
}
