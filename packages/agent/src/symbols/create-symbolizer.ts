import { FRAME_KINDS, type FrameKind } from '@kube-eagle/profile';
import { type KernelSymbols, readKernelSymbols } from '../proc/kallsyms.ts';
import { ADDRESS_SPACES, type SampleWindow } from '../sampler/sampler.ts';
import { type Demangle, isRust, loadDemangler } from './demangle.ts';
import { openFileSymbols } from './file-symbols.ts';
import { createJitNames } from './jit-names.ts';
import { createSymbolCache, type SymbolCache } from './symbol-cache.ts';
import type { NamedFrames, Symbolizer } from './symbolizer.ts';

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

interface Name {
  readonly text: string;
  readonly kind: FrameKind;
}

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
      const strings = createStrings();
      const frames = emptyFrames(window);
      const files = await nameFiles(window, { cache, demangle }, signal);
      const generated = await jit.name(window, signal);
      const symbols = await kernelSymbols();
      for (let row = 0; row < window.frames.length; row++) {
        const address = window.frames.address[row] ?? 0;
        const space = ADDRESS_SPACES[window.frames.space[row] ?? 0];
        const name =
          space === 'kernel'
            ? { text: symbols.find(address) ?? '', kind: 'kernel' as const }
            : (files[window.frames.executable[row] ?? -1]?.get(address) ?? generated.get(row));
        frames.first[row + 1] = row + 1;
        frames.name[row] = name && name.text !== '' ? strings.intern(name.text) : -1;
        frames.kind[row] = FRAME_KINDS.indexOf(name?.kind ?? 'unknown');
      }
      takeInterpreted(window, frames, strings.intern);
      return { ...frames, strings: strings.all };
    },
    counters: () => ({ ...cache.counters, ...jit.counters, ...written }),
    async [Symbol.asyncDispose]() {
      cache[Symbol.dispose]();
      await jit[Symbol.asyncDispose]();
    },
  };
}

/** Takes over what interpreters said of their own frames. */
function takeInterpreted(
  { frames: { length, space, address }, interpreted }: SampleWindow,
  { name, file, line, kind }: Omit<NamedFrames, 'strings'>,
  intern: (text: string) => number,
): void {
  for (let row = 0; row < length; row++) {
    const isInterpreted = ADDRESS_SPACES[space[row] ?? 0] === 'interpreted';
    const frame = isInterpreted ? interpreted[address[row] ?? -1] : undefined;
    if (!frame) continue;
    name[row] = intern(frame.text);
    file[row] = intern(frame.file);
    line[row] = frame.line;
    kind[row] = FRAME_KINDS.indexOf(frame.kind);
  }
}

/** The names of each executable's sampled addresses, by row in the window's `executables`. */
async function nameFiles(
  window: SampleWindow,
  { cache, demangle }: { readonly cache: SymbolCache; readonly demangle: Demangle },
  signal: AbortSignal,
): Promise<readonly ReadonlyMap<number, Name>[]> {
  const addresses = window.executables.map(() => new Set<number>());
  for (let row = 0; row < window.frames.length; row++) {
    addresses[window.frames.executable[row] ?? -1]?.add(window.frames.address[row] ?? 0);
  }
  const named: Map<number, Name>[] = [];
  for (const [row, executable] of window.executables.entries()) {
    signal.throwIfAborted();
    const wanted = addresses[row] ?? [];
    const { isGo, names } = await cache.resolve(executable, wanted);
    const nameOf = (mangled: string): Name => ({
      text: demangle(mangled),
      kind: isGo ? 'go' : isRust(mangled) ? 'rust' : 'native',
    });
    named.push(
      new Map(Array.from(wanted, (address) => [address, nameOf(names.get(address) ?? '')])),
    );
  }
  return named;
}

function emptyFrames({ frames: { length } }: SampleWindow): Omit<NamedFrames, 'strings'> {
  return {
    first: new Int32Array(length + 1),
    name: new Int32Array(length),
    file: new Int32Array(length),
    line: new Int32Array(length),
    kind: new Uint8Array(length),
    inlined: new Uint8Array(length),
  };
}

function createStrings() {
  const all: string[] = [''];
  const rows = new Map<string, number>([['', 0]]);
  return {
    all,
    intern(text: string): number {
      const known = rows.get(text);
      if (known !== undefined) return known;
      rows.set(text, all.length);
      return all.push(text) - 1;
    },
  };
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
