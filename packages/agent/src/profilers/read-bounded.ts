import type { FileHandle } from 'node:fs/promises';
import { EagleError } from '@kube-eagle/profile';

const CHUNK_BYTES = 2 ** 18;
const MAX_BYTES = 2 ** 26;

/** A file that a profiler has written, in pieces. Throws `resource_exhausted` above 64 MiB. */
export async function* readBounded(file: FileHandle): AsyncIterable<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    if (at > MAX_BYTES) {
      throw new EagleError(
        'resource_exhausted',
        `expected a result of at most ${MAX_BYTES} bytes, got more: ask for less time or a lower rate`,
      );
    }
    yield buffer.subarray(0, bytesRead);
  }
}
