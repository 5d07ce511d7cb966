import type { LineTableFormat } from './layout.ts';

/** Where an instruction lies: its code's line table, and the byte offset of the instruction. */
export interface LineQuery {
  readonly format: LineTableFormat;
  readonly table: Uint8Array;
  readonly firstLine: number;
  /** Bytes from the first instruction. */
  readonly offset: number;
}

/** The source line of an instruction; the function's first line where the table does not say. */
export function lineOf(query: LineQuery): number {
  return DECODERS[query.format](query);
}

const DECODERS: Readonly<Record<LineTableFormat, (query: LineQuery) => number>> = {
  lnotab: lineOfLnotab,
  deltas: lineOfDeltas,
  locations: lineOfLocations,
};

const signed = (byte: number): number => (byte << 24) >> 24;

/** Objects/lnotab_notes.txt of CPython 3.9: (bytes of code, lines), both deltas. */
function lineOfLnotab({ table, firstLine, offset }: LineQuery): number {
  let at = 0;
  let line = firstLine;
  for (let row = 0; row + 1 < table.length; row += 2) {
    at += table[row] ?? 0;
    if (at > offset) break;
    line += signed(table[row + 1] ?? 0);
  }
  return line;
}

/** Objects/lnotab_notes.txt of CPython 3.10: (bytes of code, lines), -128 for no line. */
function lineOfDeltas({ table, firstLine, offset }: LineQuery): number {
  let at = 0;
  let line = firstLine;
  for (let row = 0; row + 1 < table.length; row += 2) {
    const delta = signed(table[row + 1] ?? 0);
    if (delta !== -128) line += delta;
    at += table[row] ?? 0;
    if (at > offset) return line;
  }
  return firstLine;
}

const CODE = { none: 15, long: 14, noColumn: 13, oneLine0: 10, oneLine2: 12 } as const;

/** Objects/locations.md of CPython 3.11: entries of one head byte, then varints. */
function lineOfLocations({ table, firstLine, offset }: LineQuery): number {
  let at = 0;
  let line = firstLine;
  for (let row = 0; row < table.length; ) {
    const head = table[row++] ?? 0;
    const code = (head >> 3) & 15;
    line += lineDelta(code, table, row);
    at += ((head & 7) + 1) * 2;
    if (at > offset) return code === CODE.none ? firstLine : line;
    // Only head bytes have the top bit set.
    while ((table[row] ?? 0x80) < 0x80) row++;
  }
  return firstLine;
}

function lineDelta(code: number, table: Uint8Array, row: number): number {
  if (code === CODE.long || code === CODE.noColumn) return svarintAt(table, row);
  return code >= CODE.oneLine0 && code <= CODE.oneLine2 ? code - CODE.oneLine0 : 0;
}

/** Six bits a byte, the least first; bit 6 says that more come; bit 0 of the value is the sign. */
function svarintAt(table: Uint8Array, from: number): number {
  let value = 0;
  for (let row = from, shift = 0; row < table.length && shift < 32; row++, shift += 6) {
    const byte = table[row] ?? 0;
    value |= (byte & 63) << shift;
    if ((byte & 64) === 0) break;
  }
  return (value & 1) === 1 ? -(value >>> 1) : value >>> 1;
}
