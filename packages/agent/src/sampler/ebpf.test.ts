import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDriver } from './ebpf.ts';
import { ADDRESS_SPACES, type RawFrames, type SampleRequest } from './sampler.ts';
import { testSamplerConformance } from './sampler-conformance.ts';
import {
  cannotSample,
  compileProgram,
  drawStacks,
  type GoldenProgram,
  LIFE,
  sampleUntil,
  sampleWhile,
  shareOf,
} from './testing.ts';

const skip = cannotSample('rights', 'kernel', 'btf', 'libbpf', 'lockdown');
const driver = createEbpfDriver({ nowMs: Date.now });

let split: GoldenProgram;
let deep: GoldenProgram;
let busy: ReturnType<typeof spawn>;
before(() => {
  split = compileProgram('split');
  deep = compileProgram('deep');
  busy = spawn(split.path, LIFE);
});
after(() => {
  busy.kill('SIGKILL');
  split[Symbol.dispose]();
  deep[Symbol.dispose]();
});

const request = (wanted: Partial<SampleRequest> = {}): SampleRequest => ({
  // So many that a busy machine still gives some to a program that runs shortly.
  rateHz: 499,
  windowMs: 1_000,
  pids: [],
  ...wanted,
});

/** A child that is sampled between its fork and its exec is gone before anyone can look at it. */
const isSeen = (exe: string): boolean => exe !== '';

testSamplerConformance({ driver, pid: () => busy.pid ?? 0, skip });

test('ebpf gives two functions their seven and three tenths', { skip }, async () => {
  await using sampler = await driver.open(request({ pids: [busy.pid ?? 0] }));
  // Four points are four standard deviations of so many samples.
  const stacks = drawStacks(await sampleUntil(sampler, 2_000), split);
  assert.ok(Math.abs(shareOf(stacks, 'spend_seventy') - 0.7) < 0.04, JSON.stringify(stacks));
  assert.ok(Math.abs(shareOf(stacks, 'spend_thirty') - 0.3) < 0.04);
  const [hottest] = stacks.toSorted((a, b) => b.count - a.count);
  assert.deepEqual(hottest?.frames.slice(0, 3), ['spend_seventy', 'spend', 'main']);
  assert.equal(hottest?.exe, split.path);
});

test('ebpf walks thirty frames of one function down to main', { skip }, async () => {
  const child = spawn(deep.path, LIFE);
  await using sampler = await driver.open(request({ pids: [child.pid ?? 0] }));
  const windows = await sampleWhile(sampler, () => sleep(500));
  child.kill('SIGKILL');
  const [hottest] = drawStacks(windows, deep).toSorted((a, b) => b.count - a.count);
  assert.deepEqual(hottest?.frames.slice(0, 32), [
    'bottom',
    ...Array.from({ length: 30 }, () => 'descend'),
    'main',
  ]);
});

test('ebpf knows a process that ended before its window did', { skip }, async () => {
  await using sampler = await driver.open(request({ windowMs: 60_000 }));
  let pid: number | undefined;
  const windows = await sampleWhile(sampler, async () => {
    const child = spawn(split.path, LIFE);
    pid = child.pid;
    await sleep(400);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const stacks = drawStacks(windows, split).filter((stack) => stack.pid === pid);
  const known = stacks.filter(({ exe, frames }) => exe === split.path && frames.includes('main'));
  assert.ok(known.length > 0, JSON.stringify(stacks));
});

test('ebpf finds code that was mapped later, also beyond its table of mappings', {
  skip,
}, async () => {
  using scattered = compileProgram('scattered');
  const child = spawn(scattered.path, ['4']);
  await using sampler = await driver.open(request({ pids: [child.pid ?? 0] }));
  const windows = await sampleWhile(sampler, () => once(child, 'exit'));
  const stacks = drawStacks(windows, scattered);
  const samples = (...frames: readonly string[]): number =>
    stacks
      .filter((stack) => frames.every((frame, i) => stack.frames[i] === frame))
      .reduce((sum, { count }) => sum + count, 0);
  assert.ok(samples('work', 'main') > 5, JSON.stringify(stacks));
  assert.ok(samples('[anonymous]', 'main') > 5, JSON.stringify(stacks));
  const places = new Set(windows.flatMap(({ frames }) => placesIn(frames)));
  assert.equal(places.size, 2, [...places].join(' '));
});

/** Pages of anonymous memory that frames lie in. */
function placesIn(frames: RawFrames): readonly number[] {
  return Array.from({ length: frames.length }, (_, row) => row)
    .filter((row) => ADDRESS_SPACES[frames.space[row] ?? 0] === 'anonymous')
    .map((row) => Math.floor((frames.address[row] ?? 0) / 4096));
}

test('ebpf tells the program before an exec from the one after', { skip }, async () => {
  await using sampler = await driver.open(request({ windowMs: 60_000 }));
  const script = `i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exec ${split.path} 1`;
  const child = spawn('sh', ['-c', script]);
  const windows = await sampleWhile(sampler, () => once(child, 'exit'));
  const stacks = drawStacks(windows, split).filter(
    ({ pid, exe }) => pid === child.pid && isSeen(exe),
  );
  const programs = new Set(stacks.map(({ exe }) => exe));
  assert.ok(programs.size === 2 && programs.has(split.path), [...programs].join(' '));
  for (const { exe, frames } of stacks) {
    const isInSplit = frames.some((frame) => frame.startsWith('spend'));
    assert.ok(!isInSplit || exe === split.path, `${exe}: ${frames}`);
  }
});

test('ebpf tells two processes of one pid apart', { skip }, async (context) => {
  await using sampler = await driver.open(request({ windowMs: 60_000 }));
  let pid: number | undefined;
  const windows = await sampleWhile(sampler, async () => {
    for (let round = 0; round < 5 && pid === undefined; round++) pid = await runTwoOfOnePid();
  });
  if (pid === undefined) return context.skip('another process took the pid each time');
  const processes = windows.flatMap((window) =>
    window.processes.filter((process) => process.pid === pid && isSeen(process.exe)),
  );
  assert.deepEqual(new Set(processes.map(({ exe }) => exe)), new Set([split.path, deep.path]));
  assert.equal(new Set(processes.map(({ startTicks }) => startTicks)).size, 2);
});

/** Runs two programs after each other with one pid, and returns it if no other process took it. */
async function runTwoOfOnePid(): Promise<number | undefined> {
  const first = spawn(split.path, LIFE);
  await sleep(400);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const second = await spawnAs(first.pid ?? 0, deep.path);
  if (!second) return undefined;
  await sleep(400);
  second.kill('SIGKILL');
  return first.pid;
}

/** Starts a program with a pid that is free now, if no other process is faster. */
async function spawnAs(pid: number, path: string): Promise<ReturnType<typeof spawn> | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = spawn(path, LIFE);
    if (child.pid === pid) return child;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return undefined;
}

test('ebpf leaves nothing in the kernel once it is disposed', { skip }, async () => {
  const held = (): readonly string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const target = readlinkSync(`/proc/self/fd/${fd}`);
        return /bpf|perf_event/.test(target) ? [target] : [];
      } catch {
        return [];
      }
    });
  const sampler = await driver.open(request());
  assert.ok(held().some((target) => target.includes('bpf-prog')));
  await sampler[Symbol.asyncDispose]();
  assert.deepEqual(held(), []);
});
