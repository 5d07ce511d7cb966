import { createProblems, type Parsed } from '@kube-eagle/profile/parsed';

/** Bytes of a file from an offset; fewer, or none, past its end. Never throws. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** What runs it. */
export type Machine = 'x86-64' | 'arm64' | 'other';

/** A stretch of the file that is mapped to run. */
export interface Segment {
  /** PT_* of the gABI. */
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

/** A named stretch of the file. */
export interface Section {
  readonly name: string;
  /** SHT_* of the gABI. */
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
  /** Row in `sections` of the section that this one refers to. */
  readonly link: number;
}

/** The headers of an executable, a library or a file of debug information. */
export interface ElfFile {
  readonly machine: Machine;
  readonly entry: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  readonly read: ReadAt;
}

export const PT = { load: 1, dynamic: 2, note: 4, gnuEhFrame: 0x6474e550 } as const;
export const PF = { execute: 1, write: 2 } as const;
export const SHT = { noBits: 8, note: 7 } as const;
export const SHF = { execute: 4 } as const;

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
const MAX_SEGMENTS = 256;
/** Programs built with a section a function have tens of thousands. */
const MAX_SECTIONS = 65_535;
/** A larger section is not read at all; the symbol names of the largest browsers have some 100 MB. */
const MAX_SECTION_BYTES = 128 * 2 ** 20;
const MAX_NAMES_BYTES = 4 * 2 ** 20;
const MAX_SECTION_NAME_BYTES = 256;
const MACHINES: Readonly<Record<number, Machine>> = { 62: 'x86-64', 183: 'arm64' };

/**
 * Reads the headers of a 64-bit little-endian ELF file (System V gABI, chapters 4 and 5).
 * `undefined` for anything else, with the reason among the problems. Headers that lie beyond the file
 * or count too much are left out. Memory is bounded by the counts above, whatever the file says.
 */
export function readElf(read: ReadAt): Parsed<ElfFile | undefined> {
  const problems = createProblems();
  const header = viewOf(read(0, HEADER_BYTES));
  const fault = faultOf(header);
  if (fault !== undefined) return { value: undefined, problems: [fault] };
  const segmentCount = header.getUint16(56, true);
  const sectionCount = header.getUint16(60, true);
  if (segmentCount > MAX_SEGMENTS) problems.add(`${segmentCount} segments are too many`);
  const segments = readSegments(
    read(uint64(header, 32), Math.min(segmentCount, MAX_SEGMENTS) * SEGMENT_BYTES),
  );
  const table = read(uint64(header, 40), Math.min(sectionCount, MAX_SECTIONS) * SECTION_BYTES);
  if (table.length < sectionCount * SECTION_BYTES) problems.add('the section table is cut');
  const sections = readSections(table, header.getUint16(62, true), read);
  return {
    value: {
      machine: MACHINES[header.getUint16(18, true)] ?? 'other',
      entry: uint64(header, 24),
      segments,
      sections,
      read,
    },
    problems: problems.list(),
  };
}

/** Why a file is not one of ours. */
function faultOf(header: DataView): string | undefined {
  if (header.byteLength < HEADER_BYTES) return 'expected an ELF file, it is too short';
  if (header.getUint32(0, true) !== 0x464c457f) return 'expected an ELF file, it begins otherwise';
  if (header.getUint8(4) !== 2) return 'expected 64 bits, it is a 32-bit file';
  if (header.getUint8(5) !== 1) return 'expected little-endian, it is big-endian';
  if (header.getUint16(54, true) !== SEGMENT_BYTES && header.getUint16(56, true) > 0) {
    return 'its program headers have an unknown size';
  }
  return undefined;
}

function readSegments(bytes: Uint8Array): Segment[] {
  const view = viewOf(bytes);
  return Array.from({ length: Math.floor(bytes.length / SEGMENT_BYTES) }, (_, row) => {
    const at = row * SEGMENT_BYTES;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: uint64(view, at + 8),
      address: uint64(view, at + 16),
      fileSize: uint64(view, at + 32),
      memorySize: uint64(view, at + 40),
    };
  });
}

function readSections(bytes: Uint8Array, namesRow: number, read: ReadAt): Section[] {
  const view = viewOf(bytes);
  const count = Math.floor(bytes.length / SECTION_BYTES);
  const rows = Array.from({ length: count }, (_, row) => {
    const at = row * SECTION_BYTES;
    return {
      nameOffset: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags: uint64(view, at + 8),
      address: uint64(view, at + 16),
      offset: uint64(view, at + 24),
      size: uint64(view, at + 32),
      link: view.getUint32(at + 40, true),
    };
  });
  const names = rows[namesRow];
  const text = names ? read(names.offset, Math.min(names.size, MAX_NAMES_BYTES)) : new Uint8Array();
  return rows.map(({ nameOffset, ...section }) => ({
    ...section,
    name: textAt(text, nameOffset, MAX_SECTION_NAME_BYTES),
  }));
}

/** The section of a name; `undefined` where there is none or it has no bytes in this file. */
export function findSection(elf: ElfFile, name: string): Section | undefined {
  return elf.sections.find((section) => section.name === name && section.type !== SHT.noBits);
}

/** A stretch of the file and where it is loaded. */
export type Stretch = Pick<Section, 'offset' | 'address' | 'size'>;

/** The file's bytes from an address to the end of the segment that loads it; `undefined` if none does. */
export function loadedFrom({ segments }: ElfFile, address: number): Stretch | undefined {
  const segment = segments.find(
    (each) =>
      each.type === PT.load && address >= each.address && address < each.address + each.fileSize,
  );
  if (!segment) return undefined;
  const skipped = address - segment.address;
  return { offset: segment.offset + skipped, address, size: segment.fileSize - skipped };
}

/** The bytes of a section as they lie in the file; none if it is larger than the bound. */
export function sectionBytes(elf: ElfFile, section: Section): Uint8Array {
  return section.size > MAX_SECTION_BYTES
    ? new Uint8Array()
    : elf.read(section.offset, section.size);
}

/** A view of all the bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit number as a double: exact below 2^53, and what is above is a lie. */
export function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

const MAX_NAME_BYTES = 8192;

/** The zero-ended text at an offset, one character a byte; empty past the end, cut at the bound. */
export function textAt(bytes: Uint8Array, offset: number, maxBytes = MAX_NAME_BYTES): string {
  const text = bytes.subarray(offset, offset + maxBytes);
  const end = text.indexOf(0);
  return Buffer.from(end < 0 ? text : text.subarray(0, end)).toString('latin1');
}
