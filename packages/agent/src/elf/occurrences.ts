import type { ReadAt, Stretch } from './elf-file.ts';

const PIECE_BYTES = 2 ** 20;

/** Offsets in a file at which some bytes occur within a stretch of it, which is read in pieces. */
export function* occurrences(
  read: ReadAt,
  wanted: Uint8Array,
  { offset, size }: Pick<Stretch, 'offset' | 'size'>,
): Iterable<number> {
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const bytes = read(offset + at, Math.min(size - at, PIECE_BYTES + wanted.length - 1));
    if (bytes.length === 0) return;
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let found = piece.indexOf(wanted); found >= 0; found = piece.indexOf(wanted, found + 1)) {
      yield offset + at + found;
    }
  }
}
