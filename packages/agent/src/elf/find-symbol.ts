import { type ElfFile, findSection, sectionBytes, textAt, uint64, viewOf } from './elf-file.ts';

/** Where a symbol lies in the file's own address space. */
export interface SymbolPlace {
  readonly address: number;
  readonly sizeBytes: number;
}

/** Entries of `.dynsym` that are looked at. */
const MAX_SYMBOLS = 200_000;
const SYMBOL_BYTES = 24;

/**
 * A symbol that a file exports (`.dynsym`; System V gABI, chapter 4), by its name; `undefined` where
 * there is none. Reads the whole table, within its bounds.
 */
export function findExported(elf: ElfFile, name: string): SymbolPlace | undefined {
  const section = findSection(elf, '.dynsym');
  const names = section && elf.sections[section.link];
  if (!section || !names) return undefined;
  const text = Buffer.from(sectionBytes(elf, names));
  if (!text.includes(`${name}\0`, 0, 'latin1')) return undefined;
  const view = viewOf(sectionBytes(elf, section));
  const count = Math.min(Math.floor(view.byteLength / SYMBOL_BYTES), MAX_SYMBOLS);
  for (let at = 0; at < count * SYMBOL_BYTES; at += SYMBOL_BYTES) {
    const isDefined = view.getUint16(at + 6, true) !== 0;
    if (isDefined && textAt(text, view.getUint32(at, true), name.length + 1) === name) {
      return { address: uint64(view, at + 8), sizeBytes: uint64(view, at + 16) };
    }
  }
  return undefined;
}
