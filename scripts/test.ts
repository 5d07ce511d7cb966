/**
 * Runs everything that is checked and ends with the line `N passed, N failed, N skipped`.
 *
 *   node scripts/test.ts            types, lint, unit and integration tests
 *   node scripts/test.ts e2e        only what is in test/
 *   node scripts/test.ts FILE…      only these test files
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** No file takes a third of this: what has not ended by then never will. */
const HANGS_MS = 600_000;

interface Tally {
  passed: number;
  failed: number;
  readonly failures: string[];
  readonly skips: string[];
}

/** Static checks, each counted as a test. */
const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['biome', ['ci', '.', '--max-diagnostics=40']],
  ['tsc', ['-b']],
  ['node', ['scripts/file-length.ts']],
];

function runChecks(tally: Tally): void {
  for (const [command, args] of CHECKS) {
    const name = [command, ...args].join(' ');
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (status === 0) {
      tally.passed++;
      console.log(`✔ ${name}`);
    } else {
      tally.failed++;
      tally.failures.push(name);
      console.log(`✖ ${name}`);
    }
  }
}

interface Batch {
  readonly files: string[];
  /** One process for all files (fast) or one each (what has processes, sockets and files). */
  readonly isolation: 'none' | 'process';
}

/** Runs test files and adds up their leaves. */
async function runBatch({ files, isolation }: Batch, tally: Tally): Promise<void> {
  if (files.length === 0) return;
  const concurrency = isolation === 'process' ? 2 : false;
  const stream = run({ files, isolation, concurrency, timeout: HANGS_MS });
  stream.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return;
    if (skip === undefined) tally.passed++;
    else tally.skips.push(`${name}: ${skip === true ? 'no reason given' : skip}`);
  });
  stream.on('test:fail', ({ name, file, details }) => {
    if (details.type === 'suite') return;
    tally.failed++;
    tally.failures.push(`${name} (${file ?? '?'})`);
  });
  const shown = stream.compose(spec);
  for await (const text of shown) process.stdout.write(text);
}

/** The tests named, or all: pure packages in one process, the rest in one each. */
function batchesOf(words: readonly string[]): Batch[] {
  const find = (pattern: string): string[] => globSync(pattern, { cwd: root }).toSorted();
  if (words[0] === 'e2e') return [{ files: find('test/**/*.test.ts'), isolation: 'process' }];
  if (words.length > 0) return [{ files: [...words], isolation: 'process' }];
  return [
    { files: find('packages/{profile,api}/src/**/*.test.ts'), isolation: 'none' },
    { files: find('packages/{agent,server,cli,web}/src/**/*.test.ts'), isolation: 'process' },
    { files: find('test/**/*.test.ts'), isolation: 'process' },
  ];
}

process.chdir(root);
const words = process.argv.slice(2);
const tally: Tally = { passed: 0, failed: 0, failures: [], skips: [] };
if (words.length === 0) runChecks(tally);
for (const batch of batchesOf(words)) await runBatch(batch, tally);
for (const skip of tally.skips) console.log(`skipped: ${skip}`);
for (const failure of tally.failures) console.log(`failed: ${failure}`);
const skipped = tally.skips.length > 0 ? `, ${tally.skips.length} skipped` : '';
console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
process.exit(tally.failed > 0 ? 1 : 0);
