import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../golden/programs/', import.meta.url));

const RUST = `fn spend(n: u64, words: &mut Vec<String>) -> u64 {
  if n > 20 { words.push(format!("{n}")); return words.pop().map_or(0, |w| w.len() as u64); }
  1 + std::hint::black_box(spend(n + 1, words))
}
fn main() { loop { std::hint::black_box(spend(0, &mut vec![])); } }`;

/** Names of one program, so that processes can be told apart by them. */
const ALIASES = ['outside', 'beside', 'below'] as const;

/** Compiles the programs whose profile is known into a folder; Rust only where there is a compiler. */
export function compilePrograms(folder: string): void {
  const framed = ['-O1', '-fno-omit-frame-pointer', '-fno-inline'];
  for (const name of ['split', 'deep']) {
    execFileSync('cc', [...framed, join(sources, `${name}.c`), '-o', join(folder, name)]);
  }
  const frameless = ['-O2', '-fomit-frame-pointer', '-fno-builtin'];
  execFileSync('c++', [...frameless, join(sources, 'hidden.cpp'), '-o', join(folder, 'hidden')]);
  spawnSync('rustc', ['-O', '-o', join(folder, 'rust'), '-'], { input: RUST });
  for (const alias of ALIASES) symlinkSync('split', join(folder, alias));
}
