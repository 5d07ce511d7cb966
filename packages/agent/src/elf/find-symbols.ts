import { type ElfFile, findSection, sectionBytes, textAt, uint64, viewOf } from './elf-file.ts';

/** Where something that a file names lies, in the file's own address space. */
export interface ElfSymbol {
  readonly address: number;
  readonly size: number;
}

const SYMBOL_BYTES = 24;
/** Entries looked at; libpython has some 15,000. */
const MAX_SYMBOLS = 2 ** 17;

/**
 * Functions and data of some names, of whatever `.dynsym` and `.symtab` have of them (gABI, chapter
 * 4). O(entries): for a few files that are known to be of interest.
 */
export function findSymbols(
  elf: ElfFile,
  wanted: readonly string[],
): ReadonlyMap<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  const longest = Math.max(...wanted.map((name) => name.length)) + 1;
  for (const table of ['.dynsym', '.symtab']) {
    const section = findSection(elf, table);
    const strings = section && elf.sections[section.link];
    if (!section || !strings) continue;
    const view = viewOf(sectionBytes(elf, section));
    const names = sectionBytes(elf, strings);
    const count = Math.min(Math.floor(view.byteLength / SYMBOL_BYTES), MAX_SYMBOLS);
    for (let row = 0; row < count; row++) {
      const at = row * SYMBOL_BYTES;
      const isDefined = view.getUint16(at + 6, true) !== 0;
      const name = isDefined ? textAt(names, view.getUint32(at, true), longest) : '';
      if (!wanted.includes(name)) continue;
      found.set(name, { address: uint64(view, at + 8), size: uint64(view, at + 16) });
    }
  }
  return found;
}
