import { buildIdOf, buildIdsOf } from '../elf/build-id.ts';
import { readDebugData } from '../elf/debug-data.ts';
import { openDebugFile } from '../elf/debug-file.ts';
import { type ElfFile, findSection } from '../elf/elf-file.ts';
import { openElf } from '../elf/open-elf.ts';
import { readPltTable } from '../elf/plt-table.ts';
import { readSymbolTable, type SymbolTable } from '../elf/symbol-table.ts';
import { openVdso } from '../elf/vdso.ts';
import { openGoProgram } from '../runtimes/go/go-program.ts';
import type { Executable } from '../sampler/sampler.ts';

/** Where the names of a file come from. */
export type SymbolSource =
  | 'pclntab'
  | '.symtab'
  | '.gnu_debugdata'
  | 'debug file'
  | '.dynsym'
  | 'none';

/** A function that an address lies in, as a file tells of it. */
export interface FoundFunction {
  /** Mangled, where its compiler does that. */
  readonly name: string;
  /** Source file; empty where it is unknown. */
  readonly file: string;
  /** Source line of the address or, of a function that others were inlined into, of the call. */
  readonly line: number;
  readonly isGo: boolean;
}

/** The functions of one executable. Keeps its file open, as names are read when they are asked for. */
export interface FileSymbols extends Disposable {
  readonly source: SymbolSource;
  readonly sizeBytes: number;
  /** Entries of its tables that were left out because of a bound. */
  readonly omitted: number;
  /**
   * The functions at an address of the file's own space: none, one, or more where the compiler put
   * functions into one another, the innermost first.
   */
  find(address: number): readonly FoundFunction[];
}

/**
 * Opens the symbols of a file: what a Go program tells of itself; the stubs of its procedure linkage
 * table; its own complete table, else what distributions left packed in it, else its separate debug
 * file; and what it exports. Those are asked in turn for each address, as each fills gaps of the
 * others. `undefined` where the file can't be opened any more or another has
 * taken its place.
 */
export async function openFileSymbols(executable: Executable): Promise<FileSymbols | undefined> {
  const isVdso = executable.path === '[vdso]' && executable.openPath === '';
  using opened = new DisposableStack();
  const file = opened.use(isVdso ? openVdso() : openElf(executable.openPath).value);
  if (!file) return undefined;
  if (executable.buildId !== '' && buildIdOf(file) !== executable.buildId) return undefined;
  const { elf } = file;
  const exported = await readSymbolTable(elf, '.dynsym');
  const complete = await completeTable(elf, executable, opened);
  // Symbols of assembly without a size reach over the stubs behind them, which thus come first.
  const tables = [readPltTable(elf), complete?.table, exported].filter(
    (table) => table !== undefined,
  );
  const go = openGoProgram(elf);
  // Releases of Go whose own table is not read; in others these are the functions of C.
  const isGo = !go && (buildIdsOf(elf).go !== '' || findSection(elf, '.gopclntab') !== undefined);
  const kept = opened.move();
  return {
    [Symbol.dispose]: () => kept.dispose(),
    source: go ? 'pclntab' : (complete?.source ?? (exported ? '.dynsym' : 'none')),
    sizeBytes: tables.reduce((sum, table) => sum + table.sizeBytes, go?.functions.sizeBytes ?? 0),
    omitted: tables.reduce((sum, table) => sum + table.omitted, 0),
    find(address) {
      const places = go?.find(address) ?? [];
      if (places.length > 0) return places.map((place) => ({ ...place, isGo: true }));
      for (const table of tables) {
        const name = table.find(address);
        if (name !== undefined) return [{ name, file: '', line: 0, isGo }];
      }
      return [];
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
  opened: DisposableStack,
): Promise<CompleteTable | undefined> {
  const own = await readSymbolTable(elf, '.symtab');
  if (own) return { source: '.symtab', table: own };
  const packed = await readDebugData(elf);
  const unpacked = packed && (await readSymbolTable(packed, '.symtab'));
  if (unpacked) return { source: '.gnu_debugdata', table: unpacked };
  const root = /^\/proc\/\d+/.exec(executable.openPath)?.[0];
  const place = { path: executable.path, root: root === undefined ? '' : `${root}/root` };
  const debug = opened.use(openDebugFile(elf, place));
  const separate = debug && (await readSymbolTable(debug.elf, '.symtab'));
  return separate && { source: 'debug file', table: separate };
}
