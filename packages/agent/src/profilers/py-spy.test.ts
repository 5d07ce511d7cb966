import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { testProfilerConformance } from './conformance.ts';
import { cappedRate, createPySpy, frameOfPySpy } from './py-spy.ts';
import {
  askFor,
  foldedOf,
  goldenProgram,
  LIFE,
  missing,
  PROFILERS_FOLDER,
  run,
} from './testing.ts';

const pySpy = createPySpy({ program: join(PROFILERS_FOLDER, 'py-spy'), nowMs: () => Date.now() });
const skip = missing(['py-spy'], ['python3']);

const READY = `print('ready', flush=True); exec(open('${goldenProgram('shares.py')}').read())`;
const start = () => run('python3', ['-c', READY, LIFE]);

testProfilerConformance({ profiler: pySpy, start, expected: /spend_seventy;work \d/, skip });

test('py-spy takes waiting threads too where the event is wall', { skip }, async () => {
  const sleeper = "import time; print('ready', flush=True); time.sleep(120)";
  await using sleeping = await run('python3', ['-c', sleeper]);
  const ask = askFor({ event: 'wall' });
  const collected = await pySpy.collect(sleeping.process, ask, new AbortController().signal);
  assert.match(foldedOf(collected), /<module> \d/);
});

test('py-spy gives what it has when it is told to stop', { skip }, async () => {
  await using running = await start();
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1_500);
  const collected = await pySpy.collect(
    running.process,
    askFor({ durationMs: 60_000 }),
    stop.signal,
  );
  assert.match(foldedOf(collected), /spend_seventy;work \d/);
});

test('py-spy shows native frames only where they are asked for', { skip }, async () => {
  await using running = await start();
  const plain = foldedOf(
    await pySpy.collect(running.process, askFor(), new AbortController().signal),
  );
  assert.ok(
    plain.split('\n').every((line) => line === '' || line.startsWith('<module>')),
    plain,
  );
  const ask = askFor({ nativeFrames: true });
  const native = foldedOf(await pySpy.collect(running.process, ask, new AbortController().signal));
  assert.doesNotMatch(native, /^<module>/m);
});

test('py-spy finds a Python in pid and mount namespaces of its own', { skip }, async () => {
  const words = ['-p', '-f', '-m', '--mount-proc', '--kill-child', 'python3', '-c', READY, LIFE];
  await using running = await run('unshare', words);
  assert.equal(running.process.inside.pid, 1);
  const collected = await pySpy.collect(running.process, askFor(), new AbortController().signal);
  assert.match(foldedOf(collected), /spend_seventy;work \d/);
});

test('py-spy says of a process that is no Python that it does not know it', { skip }, async () => {
  await using running = await start();
  const sleeper = spawn('sleep', ['60']);
  try {
    const other = { ...running.process, pid: sleeper.pid ?? 0 };
    const collected = await pySpy.collect(other, askFor(), new AbortController().signal);
    assert.ok(collected.kind === 'failed' && collected.reason === 'profiler_unfit');
    assert.match(collected.message, /Failed to find python version/);
  } finally {
    sleeper.kill();
  }
});

test('py-spy is missing where there is no such file', { skip }, async () => {
  const absent = createPySpy({ program: '/nowhere/py-spy', nowMs: () => 0 });
  await using running = await start();
  const verdict = await absent.probe(running.process, askFor());
  assert.ok(verdict.kind === 'unable' && verdict.reason === 'profiler_missing');
});

test('native frames of a process that is traced already are refused', { skip }, async () => {
  await using running = await start();
  const { process } = running;
  const traced = { ...process, inside: { ...process.inside, tracerPid: 42 } };
  const verdict = await pySpy.probe(traced, askFor({ nativeFrames: true }));
  assert.ok(verdict.kind === 'unable' && verdict.reason === 'profiler_busy');
  assert.match(verdict.message, /process 42 traces/);
  assert.equal((await pySpy.probe(traced, askFor())).kind, 'able');
});

test('cappedRate() lowers the rate for many threads, never below 1 Hz', () => {
  assert.deepEqual([cappedRate(99, 1), cappedRate(99, 159), cappedRate(99, 10_000)], [99, 12, 1]);
});

test('frameOfPySpy() tells Python from native code', () => {
  assert.deepEqual(frameOfPySpy('Pool.run (<frozen importlib>:12)'), {
    ...{ name: 'Pool.run', file: '<frozen importlib>', line: 12, kind: 'cpython' },
  });
  assert.deepEqual(frameOfPySpy('time_sleep (/usr/lib/libpython3.11.so.1.0)'), {
    ...{ name: 'time_sleep', file: '/usr/lib/libpython3.11.so.1.0', line: 0, kind: 'native' },
  });
  assert.equal(frameOfPySpy('no place').name, 'no place');
});
