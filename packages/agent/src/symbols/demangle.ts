import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Turns mangled names of C++ and Rust into what their authors wrote; others stay as they are. */
export type Demangle = (name: string) => string;

/** What the package's glue exports; it is made for bundlers, so the module is put in by hand. */
interface Glue {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
  demangle_any(name: string): string;
}

/** Longer names are left as they are: templates can explode when they are written out. */
const MAX_NAME_LENGTH = 4096;
/** `::h` and 16 hexadecimal digits, which tell apart builds of one Rust function. */
const RUST_HASH = /::h[0-9a-f]{16}$/;

let loading: Promise<Demangle> | undefined;

/**
 * Itanium C++ ABI, 5.1; Rust's legacy and v0 schemes (RFC 2603). Loads 0.5 MB of wasm, once: the
 * glue keeps views of one instance's memory.
 */
export function loadDemangler(): Promise<Demangle> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Demangle> {
  const name = 'gecko-profiler-demangle/index_bg.js';
  const glue: Glue = await import(name);
  const path = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
  const module = new WebAssembly.Module(readFileSync(path));
  const imports = { './index_bg.js': glue as unknown as WebAssembly.ModuleImports };
  const { exports } = new WebAssembly.Instance(module, imports);
  glue.__wbg_set_wasm(exports);
  const start = exports['__wbindgen_start'];
  if (typeof start === 'function') start();
  return (mangled) => {
    if (!isMangled(mangled) || mangled.length > MAX_NAME_LENGTH) return mangled;
    try {
      const written = glue.demangle_any(mangled);
      // What it can't read it takes for a name of macOS and drops the first underscore of.
      return written === mangled.slice(1) ? mangled : written.replace(RUST_HASH, '');
    } catch {
      return mangled;
    }
  };
}

const isMangled = (name: string): boolean => /^_{1,2}[ZR]/.test(name);

/** Whether a mangled name is of Rust: v0, or legacy, which C++ could write but never does. */
export function isRust(mangled: string): boolean {
  return /^_{1,2}R/.test(mangled) || /17h[0-9a-f]{16}E$/.test(mangled);
}
