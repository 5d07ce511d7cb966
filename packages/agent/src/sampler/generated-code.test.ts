import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createEbpfDriver } from './ebpf.ts';
import { ADDRESS_SPACES, type SampleWindow, STACK_ENDS } from './sampler.ts';
import { cannotSample, warmUp } from './testing.ts';

const skip = cannotSample('rights', 'btf', 'libbpf', 'kernel');
const SAMPLES = 1_000;
const MOST_WINDOWS = 120;

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
test.after(() => rmSync(folder, { recursive: true }));

const LUA = `local function spend(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
while true do spend(1e5) end`;
const PHP = `<?php function spend($n) { $s = 0; for ($i = 0; $i < $n; $i++) $s += $i % 7; return $s; }
while (true) spend(100000);`;
const ERLANG = `-module(spin).
-export([main/0, spend/2]).
spend(0, S) -> S;
spend(N, S) -> spend(N - 1, S + N rem 7).
main() -> spend(100000, 0), lists:sort([3, 1, 2]), main().`;
const JAVA = `public class Spin {
  static long spend(long n) { long s = 0; for (long i = 0; i < n; i++) s += i % 7; return s; }
  public static void main(String[] a) { for (long s = 0; ; s += spend(100000)) if (s == 42) return; }
}`;

interface Tally {
  samples: number;
  /** Of them, those with a frame in generated code. */
  generated: number;
  /** Of these, those whose walk came to its end, and all their frames. */
  whole: number;
  frames: number;
}

function count({ stacks, frames }: SampleWindow, tally: Tally): void {
  for (let row = 0; row < stacks.length; row++) {
    const times = stacks.count[row] ?? 0;
    const space = frames.space.slice(stacks.firstFrame[row], stacks.firstFrame[row + 1]);
    tally.samples += times;
    if (!space.includes(ADDRESS_SPACES.indexOf('anonymous'))) continue;
    tally.generated += times;
    tally.frames += times * space.length;
    if (STACK_ENDS[stacks.end[row] ?? 0] === 'complete') tally.whole += times;
  }
}

async function tallyOf(command: string, args: readonly string[]): Promise<Tally> {
  const child = spawn(command, args, { stdio: 'ignore', cwd: folder });
  try {
    await using sampler = await createEbpfDriver({ nowMs: Date.now }).open({
      rateHz: 499,
      windowMs: 1_000,
      pids: [child.pid ?? 0],
    });
    const tally: Tally = { samples: 0, generated: 0, whole: 0, frames: 0 };
    const isWarm = warmUp(sampler);
    const enough = new AbortController();
    let windows = 0;
    for await (const window of sampler.windows(enough.signal)) {
      if (isWarm()) count(window, tally);
      if (tally.generated >= SAMPLES || ++windows > MOST_WINDOWS) enough.abort();
    }
    return tally;
  } finally {
    child.kill('SIGKILL');
  }
}

const OPCACHE = ['opcache.enable_cli=1', 'opcache.jit_buffer_size=32M', 'opcache.jit=tracing'];

const CASES = [
  { what: 'LuaJIT', command: 'luajit', args: ['a.lua'], least: 0.995, frames: 8 },
  {
    what: 'PHP',
    command: 'php',
    args: [...OPCACHE.flatMap((each) => ['-d', each]), 'a.php'],
    least: 0.995,
    frames: 7,
  },
  {
    what: 'Erlang with frame pointers',
    command: 'erl',
    args: ['+JPperf', 'true', '-noshell', '-s', 'spin', 'main'],
    least: 0.98,
    frames: 4,
  },
  {
    what: 'HotSpot with frame pointers',
    command: 'java',
    args: ['-XX:+PreserveFramePointer', 'Spin.java'],
    least: 0.995,
    frames: 6,
  },
] as const;

writeFileSync(join(folder, 'a.lua'), LUA);
writeFileSync(join(folder, 'a.php'), PHP);
writeFileSync(join(folder, 'spin.erl'), ERLANG);
writeFileSync(join(folder, 'Spin.java'), JAVA);
const hasErlang = spawnSync('erlc', ['spin.erl'], { cwd: folder }).status === 0;
const isMissing = (command: string): boolean =>
  command === 'erl' ? !hasErlang : spawnSync(command, ['-v']).error !== undefined;

for (const { what, command, args, least, frames } of CASES) {
  test(`stacks through the generated code of ${what} are whole`, { skip }, async (t) => {
    if (isMissing(command)) return t.skip(`no ${command} here`);
    const tally = await tallyOf(command, args);
    const said = JSON.stringify(tally);
    assert.ok(tally.whole / tally.generated >= least, `expected ${least} whole, got ${said}`);
    assert.ok(tally.frames / tally.generated >= frames, `expected ${frames} frames, got ${said}`);
  });
}

test('stacks of Erlang without frame pointers are cut and counted, not said to be whole', {
  skip,
}, async (t) => {
  if (isMissing('erl')) return t.skip('no erl here');
  const tally = await tallyOf('erl', ['-noshell', '-s', 'spin', 'main']);
  assert.ok(tally.whole / tally.generated < 0.1, JSON.stringify(tally));
});
