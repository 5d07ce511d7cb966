import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { createEbpfDriver } from './ebpf.ts';
import { type SampleWindow, STACK_ENDS } from './sampler.ts';
import { cannotSample, LIFE, warmUp } from './testing.ts';

const skip = cannotSample('rights', 'btf', 'libbpf', 'kernel');
const RATE_HZ = 499;
const SAMPLES = 1_000;
const LEAST_WHOLE = 0.995;

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Tally {
  samples: number;
  frames: number;
  readonly ends: Record<string, number | undefined>;
}

function count({ stacks }: SampleWindow, tally: Tally): void {
  for (let row = 0; row < stacks.length; row++) {
    const times = stacks.count[row] ?? 0;
    const end = STACK_ENDS[stacks.end[row] ?? 0] ?? '?';
    tally.samples += times;
    tally.frames += times * ((stacks.firstFrame[row + 1] ?? 0) - (stacks.firstFrame[row] ?? 0));
    tally.ends[end] = (tally.ends[end] ?? 0) + times;
  }
}

/** How the walks of a program's stacks ended, once its tables were there. */
async function tallyOf(command: string, args: readonly string[]): Promise<Tally> {
  const child = spawn(command, args, { stdio: 'ignore' });
  try {
    const driver = createEbpfDriver({ nowMs: Date.now });
    const request = { rateHz: RATE_HZ, windowMs: 1_000, pids: [child.pid ?? 0] };
    await using sampler = await driver.open(request);
    const tally: Tally = { samples: 0, frames: 0, ends: {} };
    const isWarm = warmUp(sampler);
    const enough = new AbortController();
    for await (const window of sampler.windows(enough.signal)) {
      if (isWarm()) count(window, tally);
      if (tally.samples >= SAMPLES) enough.abort();
    }
    return tally;
  } finally {
    child.kill('SIGKILL');
  }
}

async function assertWhole(
  command: string,
  args: readonly string[],
  frames: number,
): Promise<void> {
  const tally = await tallyOf(command, args);
  const whole = (tally.ends['complete'] ?? 0) / tally.samples;
  const said = JSON.stringify(tally);
  assert.ok(whole >= LEAST_WHOLE, `expected ${LEAST_WHOLE} of the stacks whole, got ${said}`);
  assert.ok(
    tally.frames / tally.samples >= frames,
    `expected ${frames} frames a stack, got ${said}`,
  );
}

test('a stack that no table and no frame pointer lead out of is cut for that', {
  skip,
}, async (t) => {
  const canCompile = spawnSync('c++', ['--version']).status === 0;
  if (!canCompile || process.arch !== 'x64') return t.skip('needs a C++ compiler for x86-64');
  const lost = join(folder, 'lost');
  // Cc keeps no table of it, and 8 is no frame.
  const flags = ['-O1', '-fno-asynchronous-unwind-tables', '-fomit-frame-pointer', '-o', lost];
  execFileSync('c++', ['-x', 'c', ...flags, '-'], {
    input: 'int main(void) { for (;;) __asm__ volatile("mov $8, %%rbp; pause" ::: "rbp"); }',
  });
  const { samples, ends } = await tallyOf(lost, []);
  const said = JSON.stringify(ends);
  assert.ok((ends['bad_guess'] ?? 0) / samples >= LEAST_WHOLE, said);
});

const programs = fileURLToPath(new URL('../../../../golden/programs/', import.meta.url));

/** Builds a Go program; `undefined` where that is not possible. */
function buildGo(name: string, ...flags: readonly string[]): string | undefined {
  const path = join(folder, [name, ...flags].join('').replaceAll(/[^\w.]+/g, '-'));
  const build = ['build', ...flags, '-o', path, join(programs, `${name}.go`)];
  return spawnSync('go', build, { cwd: folder }).status === 0 ? path : undefined;
}

for (const [kind, frames] of [
  ['recursion', 30],
  ['inlining', 3],
  ['assembly', 3],
  ['clock', 2],
  ['goroutines', 3],
] as const) {
  test(`stacks of Go are whole: ${kind}`, { skip }, async (t) => {
    const path = buildGo('routines', '-ldflags=-s -w', '-buildmode=pie');
    if (path === undefined) return t.skip('no Go here');
    await assertWhole(path, [kind, ...LIFE], frames);
  });
}

test('stacks of Go through C and back are whole', { skip }, async (t) => {
  const path = buildGo('callbacks');
  if (path === undefined) return t.skip('no Go with cgo here');
  await assertWhole(path, LIFE, 8);
});
