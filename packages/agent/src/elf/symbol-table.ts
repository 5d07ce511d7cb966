import {
  type ElfFile,
  findSection,
  type Section,
  sectionBytes,
  textAt,
  viewOf,
} from './elf-file.ts';

/** Functions of a file by address. */
export interface SymbolTable {
  readonly length: number;
  /** Memory it holds. */
  readonly sizeBytes: number;
  /** The name of the function that holds an address of the file's own space, as it is mangled. */
  find(address: number): string | undefined;
}

const SYMBOL_BYTES = 24;
/** libLLVM has 200,000. */
const MAX_SYMBOLS = 2 ** 21;
const MAX_ADDRESS_RANGE = 2 ** 32;
const STT = { noType: 0, function: 2, gnuIndirectFunction: 10 } as const;
const STB_LOCAL = 0;
const SHF_EXECUTE = 4;

/** What the entries are read from. */
interface Source {
  readonly symbols: Uint8Array;
  readonly names: Uint8Array;
  /** Whether a section's code is run, by row: symbols without a type count in those only. */
  readonly isCode: readonly boolean[];
}

/**
 * The functions in `.symtab` or `.dynsym` (gABI, chapter 4); `undefined` if the file has no such
 * section or no function in it. Names are decoded when they are asked for.
 */
export function readSymbolTable(
  elf: ElfFile,
  name: '.symtab' | '.dynsym',
): SymbolTable | undefined {
  const section = findSection(elf, name);
  const strings = section && elf.sections[section.link];
  if (!section || !strings) return undefined;
  const source = {
    symbols: sectionBytes(elf, section),
    names: sectionBytes(elf, strings),
    isCode: elf.sections.map((each: Section) => (each.flags & SHF_EXECUTE) !== 0),
  };
  const table = build(source);
  return table.length > 0 ? table : undefined;
}

/** One function while the table is made. */
interface Candidates {
  readonly address: Float64Array;
  readonly size: Float64Array;
  readonly name: Uint32Array;
  readonly rank: Uint8Array;
  readonly length: number;
}

function build({ symbols, names, isCode }: Source): SymbolTable {
  const candidates = readCandidates(symbols, isCode);
  const order = sortByAddress(candidates);
  const start = new Float64Array(order.length);
  const size = new Float64Array(order.length);
  const name = new Uint32Array(order.length);
  const rank = new Uint8Array(order.length);
  let length = 0;
  for (const row of order) {
    const address = candidates.address[row] ?? 0;
    const isSame = length > 0 && start[length - 1] === address;
    const to = isSame ? length - 1 : length++;
    if (isSame && (candidates.rank[row] ?? 0) <= (rank[to] ?? 0)) continue;
    start[to] = address;
    size[to] = candidates.size[row] ?? 0;
    name[to] = candidates.name[row] ?? 0;
    rank[to] = candidates.rank[row] ?? 0;
  }
  return {
    length,
    sizeBytes: names.length + length * 21,
    find(address) {
      const row = lastAtOrBefore(start, length, address);
      const bytes = size[row] ?? 0;
      // A size of 0 is hand-written assembly: it holds until the next function.
      if (row < 0 || (bytes > 0 && address >= (start[row] ?? 0) + bytes)) return undefined;
      return withoutVersion(textAt(names, name[row] ?? 0)) || undefined;
    },
  };
}

/** `fclose@@GLIBC_2.2.5` is `fclose`. */
const withoutVersion = (name: string): string => name.replace(/(?<=.)@.*$/, '');

function readCandidates(symbols: Uint8Array, isCode: readonly boolean[]): Candidates {
  const view = viewOf(symbols);
  const count = Math.min(Math.floor(symbols.length / SYMBOL_BYTES), MAX_SYMBOLS);
  const address = new Float64Array(count);
  const size = new Float64Array(count);
  const name = new Uint32Array(count);
  const rank = new Uint8Array(count);
  let length = 0;
  for (let row = 0; row < count; row++) {
    const at = row * SYMBOL_BYTES;
    const info = view.getUint8(at + 4);
    const type = info & 15;
    const section = view.getUint16(at + 6, true);
    const isFunction = type === STT.function || type === STT.gnuIndirectFunction;
    if (section === 0 || !(isFunction || (type === STT.noType && isCode[section] === true)))
      continue;
    const value = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
    const bytes = view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * 2 ** 32;
    if (value === 0) continue;
    address[length] = value;
    size[length] = bytes;
    name[length] = view.getUint32(at, true);
    // Of several names of one address: what has a size, then a function, then what is exported.
    rank[length] = (bytes > 0 ? 4 : 0) + (isFunction ? 2 : 0) + (info >> 4 === STB_LOCAL ? 0 : 1);
    length++;
  }
  return { address, size, name, rank, length };
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

function lastAtOrBefore(sorted: Float64Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
