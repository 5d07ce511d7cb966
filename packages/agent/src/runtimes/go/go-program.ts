import { type ElfFile, loadedFrom, viewOf } from '../../elf/elf-file.ts';
import { type GoFunction, type GoFunctions, openGoFunctions } from './functions.ts';
import { findModuleData, type ModuleData } from './module-data.ts';
import { openPclntab, type Pclntab } from './pclntab.ts';

/** A place in the source of a Go program. */
export interface GoPlace {
  readonly name: string;
  /** Empty where it is unknown. */
  readonly file: string;
  /** 0 where it is unknown. */
  readonly line: number;
}

/** The functions of a Go program by address. */
export interface GoProgram {
  readonly functions: GoFunctions;
  /** Address that functions count from. */
  readonly textStart: number;
  /**
   * What is at an address of the file's own space: the function and before it those that were inlined
   * there, the innermost first. Empty outside of Go code.
   */
  find(address: number): readonly GoPlace[];
}

/** An inlined call (`inlinedCall` of Go's runtime), by release: its size and what is where. */
const INLINED_CALLS = {
  18: { sizeBytes: 20, name: 12, parent: 16 },
  20: { sizeBytes: 16, name: 4, parent: 8 },
} as const;
/** Deeper is a tree that lies; the compiler stops far earlier. */
const MAX_INLINED = 100;
/** To it the kernel returns from a signal handler. */
export const SIGNAL_RETURN = /^runtime\.sigreturn(__sigaction)?$/;

/** Opens the functions of a program made by Go 1.18 or later; `undefined` for any other file. */
export function openGoProgram(elf: ElfFile): GoProgram | undefined {
  const table = openPclntab(elf);
  const functions = table && openGoFunctions(table);
  if (!functions) return undefined;
  const module = findModuleData(elf, table);
  const textStart = module?.text ?? table.textStart;
  if (textStart === 0) return undefined;
  const reader: Reader = { elf, table, functions, module };
  return {
    functions,
    textStart,
    find(address) {
      const offset = address - textStart;
      // A return address is looked up by the byte before it, here the one before the function.
      const next = functions.at(functions.find(offset + 1));
      const isSignalReturn =
        next?.start === offset + 1 && SIGNAL_RETURN.test(functions.name(next.name));
      const found = isSignalReturn ? next : functions.at(functions.find(offset));
      return found ? placesAt(reader, found, Math.max(offset, found.start)) : [];
    },
  };
}

interface Reader {
  readonly elf: ElfFile;
  readonly table: Pclntab;
  readonly functions: GoFunctions;
  readonly module: ModuleData | undefined;
}

function placesAt(reader: Reader, found: GoFunction, offset: number): readonly GoPlace[] {
  const { functions } = reader;
  const places: GoPlace[] = [];
  let at = offset - found.start;
  const add = (name: number): void => {
    const file = functions.valueAt(found.file, at) ?? -1;
    places.push({
      name: functions.name(name),
      file: file < 0 ? '' : functions.fileName(found.unit, file),
      line: Math.max(0, functions.valueAt(found.line, at) ?? 0),
    });
  };
  for (const call of inlinedCalls(reader, found, at)) {
    add(call.name);
    at = call.parent;
  }
  add(found.name);
  return places;
}

/** The calls that were inlined at an offset of a function: their names and where they were called. */
function* inlinedCalls({ elf, table, functions, module }: Reader, found: GoFunction, from: number) {
  if (found.inlineTree === undefined || found.inlineRow === 0 || !module) return;
  const layout = INLINED_CALLS[table.release];
  const tree = module.functionData + found.inlineTree;
  let at = from;
  for (let depth = 0; depth < MAX_INLINED; depth++) {
    const row = functions.valueAt(found.inlineRow, at) ?? -1;
    const loaded = row < 0 ? undefined : loadedFrom(elf, tree + row * layout.sizeBytes);
    const call = loaded && viewOf(elf.read(loaded.offset, layout.sizeBytes));
    if (!call || call.byteLength < layout.sizeBytes) return;
    at = call.getInt32(layout.parent, true);
    yield { name: call.getUint32(layout.name, true), parent: at };
  }
}
