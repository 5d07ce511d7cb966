import { buildIdsOf } from '../elf/build-id.ts';
import { readDebugData } from '../elf/debug-data.ts';
import { openDebugFile } from '../elf/debug-file.ts';
import { type ElfFile, findSection } from '../elf/elf-file.ts';
import { openElf } from '../elf/open-elf.ts';
import { readSymbolTable, type SymbolTable } from '../elf/symbol-table.ts';
import type { Executable } from '../sampler/sampler.ts';

/** Where the names of a file come from. */
export type SymbolSource = '.symtab' | '.gnu_debugdata' | 'debug file' | '.dynsym' | 'none';

/** The functions of one executable. */
export interface FileSymbols {
  readonly source: SymbolSource;
  readonly isGo: boolean;
  readonly sizeBytes: number;
  /** The mangled name at an address of the file's own space. */
  find(address: number): string | undefined;
}

/**
 * Opens the symbols of a file: its own complete table, else what distributions left packed in it,
 * else its separate debug file, else only what it exports. Those are asked in turn for each address,
 * as exported names fill gaps. `undefined` where the file can't be opened any more.
 */
export async function openFileSymbols(executable: Executable): Promise<FileSymbols | undefined> {
  const { value: open } = openElf(executable.openPath);
  if (!open) return undefined;
  using file = open;
  const { elf } = file;
  const exported = readSymbolTable(elf, '.dynsym');
  const complete = await completeTable(elf, executable);
  const tables = [complete?.table, exported].filter((table) => table !== undefined);
  return {
    source: complete?.source ?? (exported ? '.dynsym' : 'none'),
    isGo: buildIdsOf(elf).go !== '' || findSection(elf, '.gopclntab') !== undefined,
    sizeBytes: tables.reduce((sum, table) => sum + table.sizeBytes, 0),
    find(address) {
      for (const table of tables) {
        const name = table.find(address);
        if (name !== undefined) return name;
      }
      return undefined;
    },
  };
}

interface CompleteTable {
  readonly source: SymbolSource;
  readonly table: SymbolTable;
}

async function completeTable(
  elf: ElfFile,
  executable: Executable,
): Promise<CompleteTable | undefined> {
  const own = readSymbolTable(elf, '.symtab');
  if (own) return { source: '.symtab', table: own };
  const packed = await readDebugData(elf);
  const unpacked = packed && readSymbolTable(packed, '.symtab');
  if (unpacked) return { source: '.gnu_debugdata', table: unpacked };
  const root = /^\/proc\/\d+/.exec(executable.openPath)?.[0];
  const place = { path: executable.path, root: root === undefined ? '' : `${root}/root` };
  const debug = openDebugFile(elf, place);
  if (!debug) return undefined;
  using debugFile = debug;
  const separate = readSymbolTable(debugFile.elf, '.symtab');
  return separate && { source: 'debug file', table: separate };
}
