import { textAt, viewOf } from '../../elf/elf-file.ts';
import { lastAtOrBefore } from '../../elf/last-at-or-before.ts';
import { eachPcValue, type PcValue } from './pc-values.ts';
import type { Pclntab } from './pclntab.ts';

/** A function as its record tells (`_func` of Go's runtime/runtime2.go). */
export interface GoFunction {
  /** Offsets from the start of the code: its first byte and the one after its last. */
  readonly start: number;
  readonly end: number;
  /** Offset among the names. */
  readonly name: number;
  /** Bits of {@link GO_FLAGS}. */
  readonly flags: number;
  /** Tables of values: bytes on the stack, file, line; 0 where there is none. */
  readonly stackBytes: number;
  readonly file: number;
  readonly line: number;
  /** First row of its compilation unit among the units' files. */
  readonly unit: number;
  /** Table of values: the row of the inlined call in its tree; 0 where there is none. */
  readonly inlineRow: number;
  /** Offset of its tree of inlined calls in the function data; `undefined` where there is none. */
  readonly inlineTree: number | undefined;
}

export const GO_FLAGS = { topFrame: 1, writesStackPointer: 2, assembly: 4 } as const;

/** The functions of a table, in the order of their addresses. */
export interface GoFunctions {
  readonly length: number;
  readonly sizeBytes: number;
  /** The row of the function that holds an offset of the code; -1 if none does. */
  find(offset: number): number;
  /** `undefined` where there is no such row, or its record lies beyond the table. */
  at(row: number): GoFunction | undefined;
  /** A name by its offset. */
  name(offset: number): string;
  /** A file by a row of its compilation unit; empty if there is none. */
  fileName(unit: number, row: number): string;
  /** The value of a table at an offset from the start of its function; `undefined` if there is none. */
  valueAt(table: number, offset: number): number | undefined;
  /** All values of a table; `undefined` where it is cut or longer than the bound. */
  values(table: number): readonly PcValue[] | undefined;
}

/** Record without its tables, by release. */
const RECORD_BYTES: Readonly<Record<Pclntab['release'], number>> = { 18: 40, 20: 44 };
const MAX_RECORD_BYTES = 128;
const INLINE_ROW = 2;
const INLINE_TREE = 3;
const NONE = 0xffff_ffff;
/** Most names are shorter; a longer one is read again, up to the second bound. */
const NAME_BYTES = [128, 8192];
/** Most tables are shorter than the first; the last is a function of some megabytes. */
const VALUES_BYTES = [256, 8192, 2 ** 22];

/** Reads where each function begins; `undefined` if they do not ascend. */
export function openGoFunctions(table: Pclntab): GoFunctions | undefined {
  const { functionCount: length, parts, read, quantum } = table;
  const index = viewOf(read(parts.functions, length * 8 + 4));
  if (index.byteLength < length * 8 + 4) return undefined;
  const starts = new Uint32Array(length + 1);
  const records = new Uint32Array(length);
  for (let row = 0; row <= length; row++) {
    starts[row] = index.getUint32(row * 8, true);
    if (row > 0 && (starts[row] ?? 0) < (starts[row - 1] ?? 0)) return undefined;
    if (row < length) records[row] = index.getUint32(row * 8 + 4, true);
  }

  function text(offset: number): string {
    let bytes: Uint8Array = new Uint8Array();
    for (const most of NAME_BYTES) {
      bytes = read(offset, most);
      if (bytes.includes(0)) break;
    }
    return Buffer.from(textAt(bytes, 0), 'latin1').toString('utf8');
  }

  /** Runs through a table of values; begins anew, with more bytes, where it was cut. */
  function run(offset: number, begin: () => (value: PcValue) => boolean): boolean {
    for (const most of offset === 0 ? [] : VALUES_BYTES) {
      const bytes = read(parts.values + offset, most);
      if (eachPcValue({ bytes, quantum }, begin())) return true;
      if (bytes.length < most) return false;
    }
    return false;
  }

  return {
    length,
    sizeBytes: starts.byteLength + records.byteLength,
    find(offset) {
      const row = lastAtOrBefore(starts, offset);
      return row < length ? row : -1;
    },
    at(row) {
      if (row < 0 || row >= length) return undefined;
      const record = viewOf(read(parts.functions + (records[row] ?? 0), MAX_RECORD_BYTES));
      const [start = 0, end = 0] = starts.subarray(row, row + 2);
      return readRecord(record, RECORD_BYTES[table.release], { start, end });
    },
    name: (offset) => text(parts.names + offset),
    fileName(unit, row) {
      const entry = read(parts.units + (unit + row) * 4, 4);
      const offset = entry.length < 4 ? NONE : viewOf(entry).getUint32(0, true);
      return offset === NONE ? '' : text(parts.files + offset);
    },
    valueAt(table, offset) {
      let found: number | undefined;
      run(table, () => ({ value, end }) => {
        if (offset < end) found = value;
        return offset < end;
      });
      return found;
    },
    values(table) {
      let values: PcValue[] = [];
      const isWhole = run(table, () => {
        values = [];
        return (value) => values.push(value) === 0;
      });
      return isWhole ? values : undefined;
    },
  };
}

function readRecord(
  record: DataView,
  recordBytes: number,
  place: Pick<GoFunction, 'start' | 'end'>,
): GoFunction | undefined {
  if (record.byteLength < recordBytes) return undefined;
  const word = (at: number): number =>
    at + 4 <= record.byteLength ? record.getUint32(at, true) : NONE;
  const tables = word(28);
  const pointers = record.getUint8(recordBytes - 1);
  const tree = pointers > INLINE_TREE ? word(recordBytes + (tables + INLINE_TREE) * 4) : NONE;
  const inlineRow = tables > INLINE_ROW ? word(recordBytes + INLINE_ROW * 4) : 0;
  return {
    ...place,
    name: word(4),
    flags: record.getUint8(recordBytes - 3),
    stackBytes: word(16),
    file: word(20),
    line: word(24),
    unit: word(32),
    inlineRow: inlineRow === NONE ? 0 : inlineRow,
    inlineTree: tree === NONE ? undefined : tree,
  };
}
