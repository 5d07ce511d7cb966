/**
 * Compiles the BPF programs to the objects that are committed beside them.
 *
 *   node scripts/build-bpf.ts           compiles
 *   node scripts/build-bpf.ts --check   compiles elsewhere and compares
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiler whose bytes are committed: another release makes other code of the same source. */
const CLANG_MAJOR = 14;
const SOURCE = 'sample.bpf.c';
const TARGETS: Readonly<Record<string, string>> = { x86_64: 'x86', arm64: 'arm64' };

const folder = fileURLToPath(new URL('../packages/agent/src/bpf/', import.meta.url));

/** Outcome of a comparison: `skipped` where this machine cannot tell, with the reason. */
export type BpfCheck =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly files: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

const objectName = (arch: string): string => `sample.${arch}.bpf.o`;

function run(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(
    `expected ${command} to compile ${SOURCE}, got ${error?.message ?? stderr}; apt install clang llvm libbpf-dev`,
  );
}

/** The major release of the clang on the path; `undefined` where there is none. */
function clangMajor(): number | undefined {
  const { stdout } = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  const major = /version (\d+)\./.exec(stdout ?? '')?.[1];
  return major === undefined ? undefined : Number(major);
}

/** Compiles for every processor into a folder. Equal sources give equal bytes, wherever they lie. */
function compileInto(target: string): void {
  for (const [arch, macro] of Object.entries(TARGETS)) {
    const object = join(target, objectName(arch));
    run('clang', [
      ...['-target', 'bpf', '-O2', '-g', '-Wall', '-Wextra', '-Werror'],
      ...['-Wno-unused-parameter', '-Wno-sign-compare', '-Wno-missing-field-initializers'],
      ...[`-D__TARGET_ARCH_${macro}`, '-I/usr/include/x86_64-linux-gnu'],
      '-I/usr/include/aarch64-linux-gnu',
      ...[`-ffile-prefix-map=${folder}=`, '-fdebug-compilation-dir=.'],
      ...['-c', SOURCE, '-o', object],
    ]);
    // DWARF goes; BTF, which relocation needs, stays.
    run('llvm-strip', ['-g', object]);
  }
}

/** Whether the committed objects are what their sources compile to. */
export function checkBpf(): BpfCheck {
  const major = clangMajor();
  if (major !== CLANG_MAJOR) {
    const found = major === undefined ? 'none' : String(major);
    return { kind: 'skipped', reason: `needs clang ${CLANG_MAJOR}, found ${found}` };
  }
  const elsewhere = mkdtempSync(join(tmpdir(), 'kube-eagle-bpf-'));
  try {
    compileInto(elsewhere);
    const files = Object.keys(TARGETS)
      .map(objectName)
      .filter(
        (name) => !readFileSync(join(folder, name)).equals(readFileSync(join(elsewhere, name))),
      );
    return files.length > 0 ? { kind: 'different', files } : { kind: 'same' };
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
}

function reportCheck(check: BpfCheck): void {
  if (check.kind === 'different') {
    console.error(
      `${check.files.join(', ')}: not what ${SOURCE} compiles to: run node scripts/build-bpf.ts`,
    );
    process.exitCode = 1;
  } else {
    console.log(check.kind === 'same' ? 'bpf objects are up to date' : `skipped: ${check.reason}`);
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check') || clangMajor() !== CLANG_MAJOR) reportCheck(checkBpf());
  else compileInto(folder);
}
