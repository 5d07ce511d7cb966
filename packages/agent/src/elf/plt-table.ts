import {
  type ElfFile,
  findSection,
  type Section,
  sectionBytes,
  uint64,
  viewOf,
} from './elf-file.ts';
import { lastAtOrBefore } from './last-at-or-before.ts';
import { readName, type SymbolTable } from './symbol-table.ts';

/** Where linkers put stubs, and how long one is on x86-64. */
const SECTIONS = ['.plt', '.plt.sec', '.plt.got', '.iplt'] as const;
const RELOCATIONS = ['.rela.plt', '.rela.dyn'] as const;
const STUB_BYTES = 16;
/** Of `.plt.got` where branches are not marked. */
const SHORT_STUB_BYTES = 8;
const RELOCATION_BYTES = 24;
const SYMBOL_BYTES = 24;
/** Relocations kept: a bound against hostile files; libLLVM has 30,000. */
const MAX_SLOTS = 2 ** 18;
/** What runs in a stub without a function of its own: the one that asks the dynamic linker. */
const RESOLVER = '[plt]';

/** Words of the gABI's processor supplements: a slot that holds a function's address. */
const SLOT_TYPES: Readonly<Record<ElfFile['machine'], readonly number[]>> = {
  'x86-64': [6, 7],
  arm64: [1025, 1026],
  other: [],
};

/**
 * The stubs of the procedure linkage table, which have no symbols: `malloc@plt` by the slot of the
 * global offset table that a stub jumps by and the relocation that fills it (AMD64 ABI 5.2; ELF for
 * the Arm 64-bit architecture, 9). `undefined` where a file has none. Stubs are read when they are
 * asked for, so the file must stay open.
 */
export function readPltTable(elf: ElfFile): SymbolTable | undefined {
  const sections = SECTIONS.flatMap((name) => findSection(elf, name) ?? []);
  const slots = sections.length > 0 && elf.machine !== 'other' ? readSlots(elf) : undefined;
  if (!slots) return undefined;
  const slotOf = elf.machine === 'arm64' ? slotOfArm64 : slotOfX86;
  return {
    length: slots.address.length,
    sizeBytes: slots.address.byteLength + slots.symbol.byteLength,
    omitted: slots.omitted,
    find(address) {
      const section = sections.find(
        (each) => address >= each.address && address < each.address + each.size,
      );
      if (!section) return undefined;
      const slot = slotOf(elf, section, address);
      const row = slot === undefined ? -1 : lastAtOrBefore(slots.address, slot);
      if (row < 0 || slots.address[row] !== slot) return RESOLVER;
      const name = symbolName(elf, slots.symbol[row] ?? 0);
      return name === '' ? RESOLVER : `${name}@plt`;
    },
  };
}

interface Slots {
  /** In order. */
  readonly address: Float64Array;
  /** Row in `.dynsym`. */
  readonly symbol: Uint32Array;
  readonly omitted: number;
}

/** What fills the slots of functions; `undefined` where nothing does. */
function readSlots(elf: ElfFile): Slots | undefined {
  const found: (readonly [number, number])[] = [];
  let omitted = 0;
  for (const name of RELOCATIONS) {
    const section = findSection(elf, name);
    const view = viewOf(section ? sectionBytes(elf, section) : new Uint8Array());
    for (let at = 0; at + RELOCATION_BYTES <= view.byteLength; at += RELOCATION_BYTES) {
      const symbol = view.getUint32(at + 12, true);
      const isSlot = SLOT_TYPES[elf.machine].includes(view.getUint32(at + 8, true));
      if (!isSlot || symbol === 0) continue;
      if (found.length < MAX_SLOTS) found.push([uint64(view, at), symbol]);
      else omitted++;
    }
  }
  if (found.length === 0) return undefined;
  found.sort((a, b) => a[0] - b[0]);
  return {
    address: Float64Array.from(found, ([address]) => address),
    symbol: Uint32Array.from(found, ([, symbol]) => symbol),
    omitted,
  };
}

function symbolName(elf: ElfFile, symbol: number): string {
  const section = findSection(elf, '.dynsym');
  const strings = section && elf.sections[section.link];
  if (!section || !strings || (symbol + 1) * SYMBOL_BYTES > section.size) return '';
  const entry = elf.read(section.offset + symbol * SYMBOL_BYTES, 4);
  return entry.length < 4 ? '' : readName(elf.read, strings, viewOf(entry).getUint32(0, true));
}

/** The bytes of the stub that holds an address, and where it begins. */
function stubAt(
  elf: ElfFile,
  section: Section,
  {
    address,
    header,
    size,
  }: { readonly address: number; readonly header: number; readonly size: number },
): { readonly start: number; readonly bytes: DataView } {
  const from = address - section.address - header;
  const start = header + Math.floor(from / size) * size;
  const bytes = viewOf(elf.read(section.offset + Math.max(0, start), size));
  return { start: section.address + start, bytes };
}

const ENDBR64 = 0xfa1e0ff3;
const JUMP_BY_SLOT = 0x25ff;

/** `jmp *slot(%rip)`, which marks may come before. Stubs that push an index instead have a twin. */
function slotOfX86(elf: ElfFile, section: Section, address: number): number | undefined {
  const first = viewOf(elf.read(section.offset, 4));
  const isShort =
    section.name === '.plt.got' && first.byteLength === 4 && first.getUint32(0, true) !== ENDBR64;
  const size = isShort ? SHORT_STUB_BYTES : STUB_BYTES;
  const { start, bytes } = stubAt(elf, section, { address, header: 0, size });
  for (const at of [0, 4, 5]) {
    if (at + 6 > bytes.byteLength || bytes.getUint16(at, true) !== JUMP_BY_SLOT) continue;
    return start + at + 6 + bytes.getInt32(at + 2, true);
  }
  return undefined;
}

/** Instructions before the first stub of `.plt`. */
const HEADER_BYTES = 32;
const BTI_C = 0xd503245f;
const MARKED_STUB_BYTES = 24;

/** `adrp x16, page; ldr x17, [x16, offset]`, after a mark where branches are marked. */
function slotOfArm64(elf: ElfFile, section: Section, address: number): number | undefined {
  const header = section.name === '.plt' ? HEADER_BYTES : 0;
  const first = viewOf(elf.read(section.offset + header, 4));
  const isMarked = first.byteLength === 4 && first.getUint32(0, true) === BTI_C;
  const size = isMarked ? MARKED_STUB_BYTES : STUB_BYTES;
  if (address < section.address + header) return undefined;
  const { start, bytes } = stubAt(elf, section, { address, header, size });
  const at = isMarked ? 4 : 0;
  if (at + 8 > bytes.byteLength) return undefined;
  const adrp = bytes.getUint32(at, true);
  const load = bytes.getUint32(at + 4, true);
  if ((adrp & 0x9f00001f) >>> 0 !== 0x90000010 || (load & 0xffc003ff) >>> 0 !== 0xf9400211) {
    return undefined;
  }
  // 21 bits, the upper 19 of them at bit 5, the lower two at bit 29; they count pages.
  const pages = (((((adrp >>> 5) & 0x7ffff) << 2) | ((adrp >>> 29) & 3)) << 11) >> 11;
  const page = Math.floor((start + at) / 4096) + pages;
  return page * 4096 + ((load >>> 10) & 0xfff) * 8;
}
