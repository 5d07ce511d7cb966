import { findColdPart } from '../../elf/cold-part.ts';
import { type ElfSymbol, findSymbols } from '../../elf/find-symbols.ts';
import { openElf } from '../../elf/open-elf.ts';
import type { Executable } from '../../sampler/sampler.ts';
import { DEBUG_OFFSETS_BYTES, readDebugOffsets } from './debug-offsets.ts';
import { type CPythonLayout, layoutOf } from './layout.ts';
import { int32At, type ProcessMemory } from './process-memory.ts';

/** What an executable or library of CPython says of itself. Addresses are the file's own. */
export interface CPythonFile {
  readonly runtime: number;
  /** Of the version number, exported from 3.11. */
  readonly version: number | undefined;
  /** By the name of the file; 0 where that does not tell. */
  readonly minor: number;
  /** The evaluation loop, in one or two pieces. */
  readonly loop: readonly ElfSymbol[];
}

/** An interpreter of a running process. Addresses are those of its memory. */
export interface CPython {
  readonly layout: CPythonLayout;
  /** Of the pointer to the newest interpreter. */
  readonly interpreters: number;
  /** `[start, end)` of the code that runs Python's. */
  readonly loop: readonly { readonly start: number; readonly end: number }[];
}

const LOOP = '_PyEval_EvalFrameDefault';
/** `python3.11`, `libpython3.8.so.1.0`, and whatever else has that name in it. */
const FILE_NAME = /python[^/]*$/;
const MAX_USER_ADDRESS = 2 ** 52;
const MINOR = /python3\.(\d{1,2})[^/]*$/;

/** Reads a file by its symbols; `undefined` where it is no CPython, which its name must say. */
export function readCPythonFile({ path, openPath }: Executable): CPythonFile | undefined {
  if (!FILE_NAME.test(path)) return undefined;
  using open = openElf(openPath).value;
  if (!open) return undefined;
  const symbols = findSymbols(open.elf, ['_PyRuntime', 'Py_Version', LOOP]);
  const runtime = symbols.get('_PyRuntime');
  const body = symbols.get(LOOP);
  if (!runtime || !body) return undefined;
  const cold = findColdPart(open.elf, body);
  return {
    runtime: runtime.address,
    version: symbols.get('Py_Version')?.address,
    minor: Number(MINOR.exec(path)?.[1] ?? 0),
    loop: cold ? [body, cold] : [body],
  };
}

/**
 * The interpreter of a process that maps a file at `bias`. Asks the interpreter itself for its layout
 * (3.13 and later), else for its version (3.11 and later), else goes by the file's name. `undefined`
 * for a release that is not known, or where nothing can be read.
 */
export function findCPython(
  file: CPythonFile,
  bias: number,
  memory: ProcessMemory,
): CPython | undefined {
  const runtime = file.runtime + bias;
  // Nothing of what the file says is certain.
  if (
    ![runtime, ...file.loop.map(({ address, size }) => address + bias + size)].every(isUserAddress)
  ) {
    return undefined;
  }
  const layout =
    readDebugOffsets(memory.read(runtime, DEBUG_OFFSETS_BYTES)) ??
    layoutOf(file.version === undefined ? file.minor : minorAt(memory, file.version + bias));
  if (!layout) return undefined;
  return {
    layout,
    interpreters: runtime + layout.runtime.interpretersHead,
    loop: file.loop.map(({ address, size }) => ({
      start: address + bias,
      end: address + bias + size,
    })),
  };
}

const isUserAddress = (address: number): boolean => address > 0 && address < MAX_USER_ADDRESS;

/** Of PY_VERSION_HEX, 0x030b02f0 for 3.11.2; 0 where it is no 3. */
function minorAt(memory: ProcessMemory, address: number): number {
  const version = int32At(memory.read(address, 4), 0);
  return version >>> 24 === 3 ? (version >>> 16) & 0xff : 0;
}
