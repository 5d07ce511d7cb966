import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../golden/programs/', import.meta.url));

/** Names of one program, so that processes can be told apart by them. */
const ALIASES = ['outside', 'beside', 'below'] as const;
const SCRIPTS = ['shares.py', 'shares.cjs'] as const;

/**
 * Compiles the programs whose profile is known into a folder; Rust's and Go's only where there is a
 * compiler.
 */
export function compilePrograms(folder: string): void {
  const into = (name: string): readonly string[] => ['-o', join(folder, name)];
  const framed = ['-O1', '-fno-omit-frame-pointer', '-fno-inline'];
  for (const name of ['split', 'deep']) {
    execFileSync('cc', [...framed, join(sources, `${name}.c`), ...into(name)]);
  }
  const frameless = ['-O2', '-fomit-frame-pointer', '-fno-builtin'];
  execFileSync('c++', [...frameless, join(sources, 'hidden.cpp'), ...into('hidden')]);
  spawnSync('rustc', ['-O', ...into('rust'), join(sources, 'shares.rs')]);
  spawnSync('go', ['build', ...into('go'), join(sources, 'shares.go')]);
  for (const name of SCRIPTS) copyFileSync(join(sources, name), join(folder, name));
  for (const alias of ALIASES) symlinkSync('split', join(folder, alias));
}
