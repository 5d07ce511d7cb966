import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStat } from '../proc/process.ts';
import { ADDRESS_SPACES, type SampleWindow } from '../sampler/sampler.ts';
import { createJitNames } from './jit-names.ts';

/** A window with one stack, whose frames are addresses of a process's generated code. */
function windowOf(pid: number, addresses: readonly number[]): SampleWindow {
  const { length } = addresses;
  const startTicks = readStat(pid)?.startTicks ?? 0;
  return {
    startMs: 0,
    durationNs: 1e10,
    rateHz: 19,
    processes: [{ pid, startTicks, comm: 'x', exe: '/x', containerId: '', unit: '' }],
    executables: [],
    interpreted: [],
    stacks: {
      length: 1,
      process: Int32Array.of(0),
      count: Float64Array.of(1),
      end: Uint8Array.of(0),
      firstFrame: Int32Array.of(0, length),
    },
    frames: {
      length,
      space: new Uint8Array(length).fill(ADDRESS_SPACES.indexOf('anonymous')),
      executable: new Int32Array(length).fill(-1),
      address: Float64Array.from(addresses),
    },
    lost: 0,
  };
}

/** Waits for a process to have written a line to its map; gives the line's address. */
async function addressOf(pid: number, pattern: RegExp): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      const map = readFileSync(`/tmp/perf-${pid}.map`, 'latin1');
      const line = map.split('\n').find((each) => pattern.test(each));
      if (line !== undefined) return Number.parseInt(line.split(' ')[0] ?? '', 16);
    } catch {
      // Not written yet.
    }
    await sleep(100);
  }
  throw new Error(`expected ${pattern} in the map of ${pid}`);
}

const [MAJOR] = process.versions.node.split('.');

async function withProcess(
  child: ChildProcess,
  work: (pid: number) => Promise<void>,
): Promise<void> {
  const pid = child.pid ?? 0;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await work(pid);
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(`/tmp/perf-${pid}.map`, { force: true });
  }
}

test('code of Node has the names of its perf map', async () => {
  const script =
    'function busy(n) { let s = 0; while (n--) s += n; return s; } for (;;) busy(1e4);';
  const child = spawn(process.execPath, ['--perf-basic-prof', '-e', script], { stdio: 'ignore' });
  await withProcess(child, async (pid) => {
    const address = await addressOf(pid, / JS:\*busy/);
    await using names = createJitNames({ now: () => 0, attachToJvms: false });
    const named = await names.name(windowOf(pid, [address + 1, 8]), AbortSignal.timeout(10_000));
    assert.match(named.get(0)?.text ?? '', /^busy/);
    assert.equal(named.get(0)?.kind, 'v8js');
    assert.deepEqual(named.get(1), {
      text: `[jit: node ${MAJOR}, not in its perf map]`,
      kind: 'v8js',
      isReason: true,
    });
    assert.deepEqual([names.counters['jitNamed'], names.counters['jitUnnamed']], [1, 1]);
  });
});

const PROGRAM = `public class Spin {
  static long busy(long n) { long sum = 0; for (long i = 0; i < n; i++) sum += i * i; return sum; }
  public static void main(String[] args) throws Exception {
    System.out.println("ready");
    for (long sum = 0; ; sum += busy(1000000)) if (sum == 42) System.out.println(sum);
  }
}`;

test('a JVM that refuses to be attached to says so', async (t) => {
  if (spawnSync('java', ['-version']).status !== 0) return t.skip('no java here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  writeFileSync(join(folder, 'Spin.java'), PROGRAM);
  const options = ['-XX:+DisableAttachMechanism', '-XX:+ReduceSignalUsage', '-Xmx64m'];
  const child = spawn('java', [...options, 'Spin.java'], { cwd: folder });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await withProcess(child, async (pid) => {
      await using names = createJitNames({ now: () => 0, attachToJvms: true });
      const named = await names.name(windowOf(pid, [1]), AbortSignal.timeout(30_000));
      assert.match(named.get(0)?.text ?? '', /^\[jit: java \d+, attaching refused\]$/);
      assert.equal(names.counters['jvmRefused'], 1);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [command, args, runtime] of [
  [process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], `node ${MAJOR}`],
  ['luajit', ['-e', 'while true do end'], 'luajit 2\\.\\d'],
  ['php', ['-r', 'sleep(60);'], 'php \\d\\.\\d'],
  ['erl', ['-noshell'], 'erlang \\d+'],
] as const) {
  test(`generated code of ${command.split('/').at(-1)} says which runtime has no perf map`, async (t) => {
    if (spawnSync('which', [command]).status !== 0) return t.skip(`no ${command} here`);
    await withProcess(spawn(command, args, { stdio: 'ignore' }), async (pid) => {
      const expected = new RegExp(`^\\[jit: ${runtime}, no perf map\\]$`);
      await using names = createJitNames({ now: () => 0, attachToJvms: false });
      let text = '';
      // It becomes the runtime only when it has begun.
      for (let tries = 0; tries < 100 && !expected.test(text); tries++) {
        await sleep(50);
        const window = windowOf(pid, [1]);
        const [process] = window.processes;
        const processes = process ? [{ ...process, exe: `/${tries}` }] : [];
        const named = await names.name({ ...window, processes }, AbortSignal.timeout(10_000));
        text = named.get(0)?.text ?? '';
      }
      assert.match(text, expected);
    });
  });
}

test('generated code of a process that has ended says so', async () => {
  await using names = createJitNames({ now: () => 0, attachToJvms: false });
  const named = await names.name(windowOf(4_194_303, [1]), AbortSignal.timeout(10_000));
  assert.equal(named.get(0)?.text, '[jit: ended before it was read]');
});

test('a JVM is asked for its names, unless that is not allowed', async (t) => {
  if (spawnSync('java', ['-version']).status !== 0) return t.skip('no java here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  writeFileSync(join(folder, 'Spin.java'), PROGRAM);
  const child = spawn('java', ['-Xmx64m', 'Spin.java'], { cwd: folder });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await withProcess(child, async (pid) => {
      const signal = AbortSignal.timeout(30_000);
      await using silent = createJitNames({ now: () => 0, attachToJvms: false });
      const unasked = await silent.name(windowOf(pid, [1]), signal);
      assert.match(unasked.get(0)?.text ?? '', /^\[jit: java \d+, attaching is off\]$/);
      await using asking = createJitNames({ now: () => 0, attachToJvms: true });
      const asked = await asking.name(windowOf(pid, [1]), signal);
      assert.match(asked.get(0)?.text ?? '', /^\[jit: java \d+, not in its perf map\]$/);
      assert.equal(asking.counters['jvmDumps'], 1);
      const address = await addressOf(pid, /StubRoutines|Interpreter|Spin\.busy/);
      const named = await asking.name(windowOf(pid, [address]), signal);
      assert.equal(named.get(0)?.kind, 'jvm');
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
