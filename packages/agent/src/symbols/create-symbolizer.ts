import { type KernelSymbols, readKernelSymbols } from '../proc/kallsyms.ts';
import { ADDRESS_SPACES, type SampleWindow } from '../sampler/sampler.ts';
import { type Demangle, isRust, loadDemangler } from './demangle.ts';
import { type FoundFunction, openFileSymbols } from './file-symbols.ts';
import { createJitNames } from './jit-names.ts';
import { createNamedFrames, type NamedFunction } from './named-frames.ts';
import { createSymbolCache, type SymbolCache } from './symbol-cache.ts';
import type { Symbolizer } from './symbolizer.ts';

export interface SymbolizerOptions {
  /** Bytes that symbol tables may hold together. */
  readonly maxTableBytes: number;
  /** How long the kernel's symbols are believed: modules come and go. */
  readonly kernelMaxAgeMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether JVMs are asked for the names of their compiled code. */
  readonly attachToJvms: boolean;
}

/** A symbolizer that tells how often its bounds were hit. */
export interface CountingSymbolizer extends Symbolizer {
  counters(): Readonly<Record<string, number>>;
}

/** Names remembered in their written-out form. */
const MAX_DEMANGLED = 50_000;

/**
 * Names kernel frames by /proc/kallsyms, file frames by the symbols of their file, and generated code
 * by what its runtime tells.
 */
export async function createSymbolizer(options: SymbolizerOptions): Promise<CountingSymbolizer> {
  /** Names whose written-out form was given up because there were too many. */
  const written = { forgottenWritten: 0 };
  const demangle = remember(await loadDemangler(), written);
  const cache = createSymbolCache({ maxBytes: options.maxTableBytes, open: openFileSymbols });
  const jit = createJitNames(options);
  let kernel: KernelSymbols | undefined;
  let kernelReadAt = 0;

  async function kernelSymbols(): Promise<KernelSymbols> {
    if (!kernel || options.now() - kernelReadAt > options.kernelMaxAgeMs) {
      kernelReadAt = options.now();
      kernel = await readKernelSymbols();
    }
    return kernel;
  }

  return {
    async name(window, signal) {
      const named = createNamedFrames();
      const files = await nameFiles(window, { cache, demangle }, signal);
      const generated = await jit.name(window, signal);
      const symbols = await kernelSymbols();
      for (let row = 0; row < window.frames.length; row++) {
        const address = window.frames.address[row] ?? 0;
        const space = ADDRESS_SPACES[window.frames.space[row] ?? 0];
        const inFile = files[window.frames.executable[row] ?? -1]?.get(address);
        if (space === 'kernel') named.add([{ text: symbols.find(address) ?? '', kind: 'kernel' }]);
        else named.add(inFile ?? optional(generated.get(row) ?? interpretedAt(window, row)));
      }
      return named.finish();
    },
    counters: () => ({ ...cache.counters, ...jit.counters, ...written }),
    async [Symbol.asyncDispose]() {
      cache[Symbol.dispose]();
      await jit[Symbol.asyncDispose]();
    },
  };
}

/** What an interpreter said of its own frame. */
function interpretedAt(
  { frames: { space, address }, interpreted }: SampleWindow,
  row: number,
): NamedFunction | undefined {
  const isInterpreted = ADDRESS_SPACES[space[row] ?? 0] === 'interpreted';
  return isInterpreted ? interpreted[address[row] ?? -1] : undefined;
}

const optional = <Value>(value: Value | undefined): readonly Value[] =>
  value === undefined ? [] : [value];

/** The names of each executable's sampled addresses, by row in the window's `executables`. */
async function nameFiles(
  window: SampleWindow,
  { cache, demangle }: { readonly cache: SymbolCache; readonly demangle: Demangle },
  signal: AbortSignal,
): Promise<readonly ReadonlyMap<number, readonly NamedFunction[]>[]> {
  const addresses = window.executables.map(() => new Set<number>());
  for (let row = 0; row < window.frames.length; row++) {
    addresses[window.frames.executable[row] ?? -1]?.add(window.frames.address[row] ?? 0);
  }
  const nameOf = ({ name, file, line, isGo }: FoundFunction): NamedFunction => ({
    text: isGo ? name : demangle(name),
    kind: isGo ? 'go' : isRust(name) ? 'rust' : 'native',
    file,
    line,
  });
  const unnamed: readonly NamedFunction[] = [{ text: '', kind: 'native' }];
  const named: Map<number, readonly NamedFunction[]>[] = [];
  for (const [row, executable] of window.executables.entries()) {
    signal.throwIfAborted();
    const wanted = addresses[row] ?? [];
    const known = await cache.resolve(executable, wanted);
    const functionsAt = (address: number): readonly NamedFunction[] => {
      const found = known.get(address) ?? [];
      return found.length > 0 ? found.map(nameOf) : unnamed;
    };
    named.push(new Map(Array.from(wanted, (address) => [address, functionsAt(address)])));
  }
  return named;
}

/** Remembers names, as each window has nearly those of the last one. */
function remember(demangle: Demangle, counters: { forgottenWritten: number }): Demangle {
  const known = new Map<string, string>();
  return (mangled) => {
    const before = known.get(mangled);
    if (before !== undefined) return before;
    if (known.size >= MAX_DEMANGLED) {
      counters.forgottenWritten += known.size;
      known.clear();
    }
    const written = demangle(mangled);
    known.set(mangled, written);
    return written;
  };
}
