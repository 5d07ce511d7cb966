import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliDecompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gunzip,
  gzip,
  zstdCompress,
  zstdDecompress,
} from 'node:zlib';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Compression } from '@connectrpc/connect/protocol';

/**
 * Brotli's and gzip's own defaults take seconds over a large flame graph and save a few percent.
 */
const GZIP = { level: 4 };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

type Squeeze = (bytes: Uint8Array) => Promise<Buffer>;
type Expand = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const gzipAsync = promisify(gzip) as (bytes: Uint8Array, options: typeof GZIP) => Promise<Buffer>;
const brotliAsync = promisify(brotliCompress) as (
  bytes: Uint8Array,
  options: typeof BROTLI,
) => Promise<Buffer>;

/** What Connect, gRPC and gRPC-web messages may be compressed with. */
export const MESSAGE_COMPRESSIONS: Compression[] = [
  compression('zstd', promisify(zstdCompress) as Squeeze, promisify(zstdDecompress) as Expand),
  compression('gzip', (bytes) => gzipAsync(bytes, GZIP), promisify(gunzip) as Expand),
  compression('br', (bytes) => brotliAsync(bytes, BROTLI), promisify(brotliDecompress) as Expand),
];

function compression(name: string, compress: Squeeze, expand: Expand): Compression {
  return {
    name,
    compress: async (bytes) => new Uint8Array(await compress(bytes)),
    async decompress(bytes, readMaxBytes) {
      if (bytes.length === 0) return new Uint8Array();
      try {
        return new Uint8Array(await expand(bytes, { maxOutputLength: readMaxBytes }));
      } catch (cause) {
        throw (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
          ? new ConnectError(
              `expected at most ${readMaxBytes} bytes after decompression, got more`,
              Code.ResourceExhausted,
            )
          : new ConnectError(`expected ${name}, got something else`, Code.InvalidArgument);
      }
    },
  };
}

/** Streams that compress an answer, the preferred first. */
const ANSWERS: Readonly<Record<string, () => Transform>> = {
  zstd: createZstdCompress,
  br: () => createBrotliCompress(BROTLI),
  gzip: () => createGzip(GZIP),
};

/**
 * The encoding for an answer by the peer's `accept-encoding`, and a stream that makes it;
 * `undefined` where the peer takes none of ours. Quality values other than 0 are not weighed.
 */
export function answerCompression(
  accepted: string | undefined,
): { readonly name: string; readonly stream: Transform } | undefined {
  const names = (accepted ?? '')
    .split(',')
    .filter((entry) => !/;\s*q=0(?:\.0*)?\s*$/.test(entry))
    .map((entry) => entry.split(';')[0]?.trim().toLowerCase());
  const name = Object.keys(ANSWERS).find((known) => names.includes(known));
  const create = name === undefined ? undefined : ANSWERS[name];
  return name !== undefined && create ? { name, stream: create() } : undefined;
}
