import { type ElfFile, PT, viewOf } from './elf-file.ts';
import type { ElfSymbol } from './find-symbols.ts';
import { lastAtOrBefore } from './last-at-or-before.ts';

/** Bytes of a function's code that are looked at. */
const MAX_CODE_BYTES = 2 ** 18;
/** Functions that are known; libpython has 15,000. */
const MAX_FUNCTIONS = 2 ** 17;
/** Jumps into the same place that are no chance: bytes that only look like jumps lead anywhere. */
const MIN_JUMPS = 4;
const HEADER_BYTES = 12;
const ROW_BYTES = 8;
/** eh_frame_ptr may have any form of 4 bytes; a count udata4; rows of datarel sdata4. */
const COUNT_AND_ROW_FORMS = 0x3b03;

/**
 * The part of a function that a compiler moved away because it is rarely run, and that no symbol
 * names in a stripped file: the one that jumps lead into from its body, behind its first byte, where
 * no call goes. Functions by the search table of `.eh_frame_hdr` (LSB Core, 10.6.2); x86-64 only.
 */
export function findColdPart(elf: ElfFile, body: ElfSymbol): ElfSymbol | undefined {
  if (elf.machine !== 'x86-64') return undefined;
  const starts = functionStarts(elf);
  const jumps = new Map<number, number>();
  for (const target of jumpTargets(bytesAt(elf, body), body.address)) {
    const isInside = target >= body.address && target < body.address + body.size;
    const row = isInside ? -1 : lastAtOrBefore(starts, target);
    if (row < 0 || starts[row] === target || row + 1 >= starts.length) continue;
    jumps.set(row, (jumps.get(row) ?? 0) + 1);
  }
  const [row, count] = [...jumps].reduce((a, b) => (b[1] > a[1] ? b : a), [-1, 0]);
  if (count < MIN_JUMPS) return undefined;
  const address = starts[row] ?? 0;
  return { address, size: (starts[row + 1] ?? 0) - address };
}

function bytesAt(elf: ElfFile, { address, size }: ElfSymbol): DataView {
  const segment = elf.segments.find(
    (each) =>
      each.type === PT.load && address >= each.address && address < each.address + each.fileSize,
  );
  const length = Math.min(size, MAX_CODE_BYTES);
  return viewOf(
    segment ? elf.read(segment.offset + address - segment.address, length) : new Uint8Array(),
  );
}

/** Where `jmp` and `jcc` with 32-bit displacements lead, at whatever byte they seem to begin. */
function* jumpTargets(code: DataView, address: number): Generator<number> {
  for (let at = 0; at + 6 <= code.byteLength; at++) {
    const first = code.getUint8(at);
    const isJump = first === 0xe9;
    const isConditional = first === 0x0f && (code.getUint8(at + 1) & 0xf0) === 0x80;
    const end = at + (isJump ? 5 : 6);
    if (isJump || isConditional) yield address + end + code.getInt32(end - 4, true);
  }
}

/** Addresses of all functions, ascending; none where there is no table in the usual form. */
function functionStarts(elf: ElfFile): Float64Array {
  const header = elf.segments.find(({ type }) => type === PT.gnuEhFrame);
  const view = viewOf(
    header ? elf.read(header.offset, HEADER_BYTES + MAX_FUNCTIONS * ROW_BYTES) : new Uint8Array(),
  );
  if (!header || view.byteLength < HEADER_BYTES) return new Float64Array();
  if (view.getUint16(2, true) !== COUNT_AND_ROW_FORMS) return new Float64Array();
  const room = Math.floor((view.byteLength - HEADER_BYTES) / ROW_BYTES);
  return Float64Array.from(
    { length: Math.min(view.getUint32(8, true), room) },
    (_, row) => header.address + view.getInt32(HEADER_BYTES + row * ROW_BYTES, true),
  );
}
