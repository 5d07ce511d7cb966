import {
  type ElfFile,
  loadedFrom,
  PF,
  PT,
  type Stretch,
  uint64,
  viewOf,
} from '../../elf/elf-file.ts';
import { occurrences } from '../../elf/occurrences.ts';
import type { Pclntab } from './pclntab.ts';

/** What the runtime's own description of the program adds to its table. */
export interface ModuleData {
  /** Address that functions count from. */
  readonly text: number;
  /** Address that the tables of inlined calls count from (`go:func.*`). */
  readonly functionData: number;
}

const WORD_BYTES = 8;
/** Words of `moduledata` (runtime/symtab.go): the table, its names, … */
const WORDS = { table: 0, names: 1, text: 22 } as const;
/** Go 1.20 put two words for coverage counters before it. */
const FUNCTION_DATA_WORD: Readonly<Record<Pclntab['release'], number>> = { 18: 38, 20: 40 };
/** Pointers to the table that are looked at. */
const MAX_CANDIDATES = 64;
const MAX_RELOCATION_BYTES = 256 * 2 ** 20;
const PIECE_BYTES = 2 ** 20;
const RELOCATION_BYTES = 24;
const DYNAMIC_BYTES = 16;
const MAX_DYNAMIC_BYTES = 65_536;
const DT = { rela: 7, relaSize: 8 } as const;
/** R_X86_64_RELATIVE and R_AARCH64_RELATIVE. */
const RELATIVE: readonly number[] = [8, 1027];

/**
 * Finds `moduledata` by its first word, a pointer to the table: in the file's writable data or, where
 * the dynamic linker is to write it, among the relocations. `undefined` if it is not there.
 */
export function findModuleData(elf: ElfFile, table: Pclntab): ModuleData | undefined {
  const dataWord = FUNCTION_DATA_WORD[table.release];
  for (const find of [written, relocated]) {
    let left = MAX_CANDIDATES;
    for (const words of find(elf, table, dataWord + 1)) {
      const [text = 0, functionData = 0] = [words[WORDS.text], words[dataWord]];
      const isMeant =
        words[WORDS.table] === table.address &&
        words[WORDS.names] === table.address + table.parts.names &&
        loadedFrom(elf, text) !== undefined;
      if (isMeant) return { text, functionData };
      if (--left === 0) break;
    }
  }
  return undefined;
}

type Words = readonly number[];

/** Words at each place of the file's writable data that may be the module data. */
function* written(elf: ElfFile, table: Pclntab, count: number): Iterable<Words> {
  const pointer = new Uint8Array(WORD_BYTES);
  viewOf(pointer).setBigUint64(0, BigInt(table.address), true);
  for (const { type, flags, offset, fileSize: size } of elf.segments) {
    if (type !== PT.load || (flags & PF.write) === 0) continue;
    for (const at of occurrences(elf.read, pointer, { offset, size })) {
      const view = viewOf(elf.read(at, count * WORD_BYTES));
      if (view.byteLength < count * WORD_BYTES) continue;
      yield Array.from({ length: count }, (_, row) => uint64(view, row * WORD_BYTES));
    }
  }
}

/** The same where relocations say what is to be written. */
function* relocated(elf: ElfFile, table: Pclntab, count: number): Iterable<Words> {
  const places: number[] = [];
  for (const [place, value] of relocations(elf)) {
    if (value === table.address && places.length < MAX_CANDIDATES) places.push(place);
  }
  for (const place of places) {
    const words = new Array<number>(count).fill(0);
    for (const [at, value] of relocations(elf)) {
      const word = (at - place) / WORD_BYTES;
      if (word >= 0 && word < count && Number.isInteger(word)) words[word] = value;
    }
    yield words;
  }
}

/** Where the dynamic linker writes addresses of the file itself, and which (gABI, `Elf64_Rela`). */
function* relocations(elf: ElfFile): Iterable<readonly [place: number, value: number]> {
  const table = relocationTable(elf);
  if (!table) return;
  const piece = PIECE_BYTES - (PIECE_BYTES % RELOCATION_BYTES);
  for (let at = 0; at < table.size; at += piece) {
    const view = viewOf(elf.read(table.offset + at, Math.min(piece, table.size - at)));
    for (let row = 0; row + RELOCATION_BYTES <= view.byteLength; row += RELOCATION_BYTES) {
      if (!RELATIVE.includes(view.getUint32(row + 8, true))) continue;
      yield [uint64(view, row), uint64(view, row + 16)];
    }
    if (view.byteLength === 0) return;
  }
}

function relocationTable(elf: ElfFile): Stretch | undefined {
  const dynamic = elf.segments.find(({ type }) => type === PT.dynamic);
  if (!dynamic) return undefined;
  const view = viewOf(elf.read(dynamic.offset, Math.min(dynamic.fileSize, MAX_DYNAMIC_BYTES)));
  const found = new Map<number, number>();
  for (let at = 0; at + DYNAMIC_BYTES <= view.byteLength; at += DYNAMIC_BYTES) {
    found.set(uint64(view, at), uint64(view, at + WORD_BYTES));
  }
  const loaded = loadedFrom(elf, found.get(DT.rela) ?? 0);
  const size = Math.min(found.get(DT.relaSize) ?? 0, loaded?.size ?? 0, MAX_RELOCATION_BYTES);
  return loaded && { ...loaded, size };
}
