import { buildIdsOf } from '../../elf/build-id.ts';
import {
  type ElfFile,
  findSection,
  PT,
  type ReadAt,
  type Stretch,
  uint64,
  viewOf,
} from '../../elf/elf-file.ts';
import { occurrences } from '../../elf/occurrences.ts';

/**
 * The table of functions, files and lines that every Go program carries, stripped or not: `pcHeader`
 * of Go's runtime/symtab.go, as cmd/link/internal/ld/pcln.go writes it. Read from the file piece by
 * piece, as it is asked for.
 */
export interface Pclntab {
  /** Where it is loaded, in the file's own address space. */
  readonly address: number;
  /** Bytes from an offset; fewer, or none, past its end. Never throws. */
  readonly read: ReadAt;
  /** The release that last changed its records: 1.18 or 1.20. */
  readonly release: 18 | 20;
  /** Bytes of the shortest instruction: addresses advance by multiples of it. */
  readonly quantum: number;
  readonly functionCount: number;
  /** Address that functions count from; 0 where only the module data tells. */
  readonly textStart: number;
  /** Offsets of its parts: names, files of compilation units, file names, values by address, functions. */
  readonly parts: PclntabParts;
}

interface PclntabParts {
  readonly names: number;
  readonly units: number;
  readonly files: number;
  readonly values: number;
  readonly functions: number;
}

const RELEASES: Readonly<Record<number, 18 | 20>> = { 4294967280: 18, 4294967281: 20 };
const HEADER_BYTES = 72;
const POINTER_BYTES = 8;
const QUANTA: readonly number[] = [1, 4];
/** The linkers' names for it: the second of programs that may be loaded anywhere. */
const SECTIONS = ['.gopclntab', '.data.rel.ro.gopclntab'];
/** Kubernetes' largest programs have 200,000. */
const MAX_FUNCTIONS = 2 ** 21;
/** Bytes looked through for a table that no section tells of. */
const MAX_SCANNED_BYTES = 512 * 2 ** 20;
/** What follows the first byte of the magic number, up to the instruction size. */
const SIGNATURE = Uint8Array.of(0xff, 0xff, 0xff, 0, 0);

/**
 * The table of a program made by Go 1.18 or later: by its section or, where the linker has put it
 * into another one or sections were stripped, by a search for its header. `undefined` for any other
 * file.
 */
export function openPclntab(elf: ElfFile): Pclntab | undefined {
  for (const name of SECTIONS) {
    const section = findSection(elf, name);
    const table = section && readHeader(elf, section);
    if (table) return table;
  }
  const mayBeGo = elf.sections.length === 0 || buildIdsOf(elf).go !== '';
  return mayBeGo ? scan(elf) : undefined;
}

function readHeader(elf: ElfFile, { offset, address, size }: Stretch): Pclntab | undefined {
  const read: ReadAt = (from, length) =>
    from < 0 || from >= size
      ? new Uint8Array()
      : elf.read(offset + from, Math.max(0, Math.min(length, size - from)));
  const header = viewOf(read(0, HEADER_BYTES));
  if (header.byteLength < HEADER_BYTES) return undefined;
  const release = RELEASES[header.getUint32(0, true)];
  const quantum = header.getUint8(6);
  if (!release || !QUANTA.includes(quantum) || header.getUint8(7) !== POINTER_BYTES) {
    return undefined;
  }
  const word = (index: number): number => uint64(header, 8 + index * POINTER_BYTES);
  const functionCount = word(0);
  const parts = {
    names: word(3),
    units: word(4),
    files: word(5),
    values: word(6),
    functions: word(7),
  };
  const isWhole =
    functionCount > 0 &&
    functionCount <= MAX_FUNCTIONS &&
    Object.values(parts).every((part) => part >= HEADER_BYTES && part < size) &&
    parts.functions + functionCount * 8 + 4 <= size;
  if (!isWhole) return undefined;
  return { address, read, release, quantum, functionCount, textStart: word(2), parts };
}

function scan(elf: ElfFile): Pclntab | undefined {
  let left = MAX_SCANNED_BYTES;
  for (const { type, offset, address, fileSize } of elf.segments) {
    if (type !== PT.load) continue;
    for (const at of occurrences(elf.read, SIGNATURE, { offset, size: Math.min(fileSize, left) })) {
      const skipped = at - 1 - offset;
      const size = fileSize - skipped;
      const table =
        skipped >= 0 && readHeader(elf, { offset: at - 1, address: address + skipped, size });
      if (table) return table;
    }
    left -= Math.min(fileSize, left);
  }
  return undefined;
}
