import { setImmediate as breathe } from 'node:timers/promises';
import {
  type ElfFile,
  findSection,
  type ReadAt,
  type Section,
  SHF,
  sectionBytes,
  textAt,
  uint64,
  viewOf,
} from './elf-file.ts';
import { lastAtOrBefore } from './last-at-or-before.ts';

/** Functions of a file by address. */
export interface SymbolTable {
  readonly length: number;
  /** Memory it holds. */
  readonly sizeBytes: number;
  /** Entries left out: beyond the bound, or absurdly far from the others. */
  readonly omitted: number;
  /** The name of the function that holds an address of the file's own space, as it is mangled. */
  find(address: number): string | undefined;
}

const SYMBOL_BYTES = 24;
/** libLLVM has 200,000; entries beyond are not read. */
const MAX_SYMBOLS = 2 ** 21;
const MAX_ADDRESS_RANGE = 2 ** 32;
const STT = { noType: 0, function: 2, gnuIndirectFunction: 10 } as const;
const STB_LOCAL = 0;
/** Entries read before anything else in the process gets its turn. */
const CHUNK = 2 ** 15;
const UNDERSCORE = 0x5f;
const DOLLAR = 0x24;

/** What the entries are read from. */
interface Source {
  readonly symbols: Uint8Array;
  readonly names: Uint8Array;
  /** Reads a name again from its file: tables do not hold them. */
  readonly nameAt: (offset: number) => string;
  /** Whether a section's code is run, by row: symbols without a type count in those only. */
  readonly isCode: readonly boolean[];
}

/**
 * The functions in `.symtab` or `.dynsym` (gABI, chapter 4); `undefined` if the file has no such
 * section or no function in it. Names stay in the file and are read when they are asked for, so the
 * file must stay open as long as the table is used. Other work of the process goes on while a large
 * table is read.
 */
export async function readSymbolTable(
  elf: ElfFile,
  name: '.symtab' | '.dynsym',
): Promise<SymbolTable | undefined> {
  const section = findSection(elf, name);
  const strings = section && elf.sections[section.link];
  if (!section || !strings) return undefined;
  const source = {
    symbols: sectionBytes(elf, section),
    names: sectionBytes(elf, strings),
    nameAt: (offset: number) => readName(elf.read, strings, offset),
    isCode: elf.sections.map((each) => (each.flags & SHF.execute) !== 0),
  };
  const table = await build(source);
  return table.length > 0 ? table : undefined;
}

/** Functions while the table is made. */
interface Candidates {
  readonly address: Float64Array;
  readonly size: Float64Array;
  readonly name: Uint32Array;
  readonly rank: Uint8Array;
  length: number;
}

function room(count: number): Candidates {
  return {
    address: new Float64Array(count),
    size: new Float64Array(count),
    name: new Uint32Array(count),
    rank: new Uint8Array(count),
    length: 0,
  };
}

async function build(source: Source): Promise<SymbolTable> {
  const count = Math.min(Math.floor(source.symbols.length / SYMBOL_BYTES), MAX_SYMBOLS);
  const candidates = room(count);
  for (let row = 0; row < count; row += CHUNK) {
    readChunk(source, row, Math.min(row + CHUNK, count), candidates);
    await breathe();
  }
  const order = sortByAddress(candidates);
  await breathe();
  const table = choose(candidates, order);
  const { length } = table;
  const beyond = Math.floor(source.symbols.length / SYMBOL_BYTES) - count;
  const { nameAt } = source;
  const start = table.address.slice(0, length);
  const size = table.size.slice(0, length);
  const name = table.name.slice(0, length);
  return {
    length,
    sizeBytes: start.byteLength + size.byteLength + name.byteLength,
    omitted: beyond + candidates.length - order.length,
    find(address) {
      const row = lastAtOrBefore(start, address);
      const bytes = size[row] ?? 0;
      // A size of 0 is hand-written assembly: it holds until the next function.
      if (row < 0 || (bytes > 0 && address >= (start[row] ?? 0) + bytes)) return undefined;
      return withoutVersion(nameAt(name[row] ?? 0)) || undefined;
    },
  };
}

/** Most names are shorter; a longer one is read again whole. */
const SHORT_NAME_BYTES = 256;
const MAX_NAME_BYTES = 8192;

/** The zero-ended name at an offset of a section of names. */
export function readName(read: ReadAt, { offset: from, size }: Section, offset: number): string {
  if (offset >= size) return '';
  const bytes = (most: number): Uint8Array => read(from + offset, Math.min(most, size - offset));
  const short = bytes(SHORT_NAME_BYTES);
  return textAt(short.includes(0) ? short : bytes(MAX_NAME_BYTES), 0);
}

/** One name an address, the best; and no labels inside a function that has a size. */
function choose(candidates: Candidates, order: Uint32Array): Candidates {
  const chosen = room(order.length);
  let coveredTo = 0;
  for (const row of order) {
    const address = candidates.address[row] ?? 0;
    const size = candidates.size[row] ?? 0;
    const rank = candidates.rank[row] ?? 0;
    const last = chosen.length - 1;
    const isSame = chosen.address[last] === address;
    const isBeaten = isSame ? rank <= (chosen.rank[last] ?? 0) : size === 0 && address < coveredTo;
    if (isBeaten) continue;
    const to = isSame ? last : chosen.length++;
    chosen.address[to] = address;
    chosen.size[to] = size;
    chosen.name[to] = candidates.name[row] ?? 0;
    chosen.rank[to] = rank;
    coveredTo = Math.max(coveredTo, address + size);
  }
  return chosen;
}

/** `fclose@@GLIBC_2.2.5` is `fclose`. */
const withoutVersion = (name: string): string => name.replace(/(?<=.)@.*$/, '');

/** Of several names of one address: a size, then a function, then exported, then plain (`write`, not `__write`). */
function rankOf(info: number, size: number, firstByte: number): number {
  const isFunction = (info & 15) !== STT.noType;
  const isExported = info >> 4 !== STB_LOCAL;
  const isPlain = firstByte !== UNDERSCORE;
  return Number(size > 0) * 8 + Number(isFunction) * 4 + Number(isExported) * 2 + Number(isPlain);
}

function readChunk(source: Source, from: number, to: number, found: Candidates): void {
  const { names, isCode } = source;
  const view = viewOf(source.symbols);
  for (let row = from; row < to; row++) {
    const at = row * SYMBOL_BYTES;
    const info = view.getUint8(at + 4);
    const type = info & 15;
    const section = view.getUint16(at + 6, true);
    const address = uint64(view, at + 8);
    const size = uint64(view, at + 16);
    const name = view.getUint32(at, true);
    const isFunction = type === STT.function || type === STT.gnuIndirectFunction;
    // `$x` and `$d` of arm64 tell code from data and name nothing.
    const isLabel =
      type === STT.noType && isCode[section] === true && (names[name] ?? 0) !== DOLLAR;
    if (section === 0 || address === 0 || !(isFunction || isLabel)) continue;
    found.address[found.length] = address;
    found.size[found.length] = size;
    found.name[found.length] = name;
    found.rank[found.length++] = rankOf(info, size, names[name] ?? 0);
  }
}

/** Rows in the order of their addresses: packed with the address into doubles, which sort natively. */
function sortByAddress({ address, length }: Candidates): Uint32Array {
  let lowest = Number.POSITIVE_INFINITY;
  for (let row = 0; row < length; row++) lowest = Math.min(lowest, address[row] ?? 0);
  const keys = new Float64Array(length);
  let kept = 0;
  for (let row = 0; row < length; row++) {
    const offset = (address[row] ?? 0) - lowest;
    if (offset < MAX_ADDRESS_RANGE) keys[kept++] = offset * MAX_SYMBOLS + row;
  }
  const sorted = keys.subarray(0, kept).sort();
  return Uint32Array.from(sorted, (key) => key % MAX_SYMBOLS);
}
