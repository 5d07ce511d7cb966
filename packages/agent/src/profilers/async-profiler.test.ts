import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAsyncProfiler } from './async-profiler.ts';
import { frameOfAsyncProfiler } from './async-profiler-frame.ts';
import { testProfilerConformance } from './conformance.ts';
import { readProfiledProcess } from './profiled-process.ts';
import {
  askFor,
  foldedOf,
  foldedWith,
  goldenProgram,
  LIFE,
  missing,
  PROFILERS_FOLDER,
  run,
  testFolder,
} from './testing.ts';

const library = join(PROFILERS_FOLDER, 'libasyncProfiler.so');
const nowMs = () => Date.now();
const asyncProfiler = createAsyncProfiler({ library, mayAttach: true, nowMs });
const skip = missing(['libasyncProfiler.so'], ['java', 'javac', 'cc']);
const never = new AbortController().signal;

const folder = testFolder();
const withoutPerf = join(folder.path, 'without-perf');
if (skip === false) {
  execFileSync('javac', ['--release', '17', '-d', folder.path, goldenProgram('Contended.java')]);
  execFileSync('cc', ['-o', withoutPerf, goldenProgram('without-perf.c')]);
}
after(() => folder[Symbol.dispose]());

const words = ['-Xmx64m', '-cp', folder.path, 'Contended', LIFE];
const start = () => run('java', words);
/** Java in mount namespaces of its own, after some commands. */
const startAfter = (commands: string) =>
  run('unshare', ['-m', 'sh', '-c', `${commands}; exec java "$@"`, 'sh', ...words]);
const tmpfs = (options: string, ...folders: readonly string[]): string =>
  folders.map((path) => `mount -t tmpfs -o ${options} tmpfs ${path}`).join('; ');

const ours = (): readonly string[] =>
  ['/tmp', '/var/tmp', '/dev/shm'].flatMap((path) =>
    readdirSync(path).filter((name) => name.startsWith('.kube-eagle-')),
  );
/** What an agent that was killed has left here once is not of this run. */
const before = new Set(ours());
const left = (): readonly string[] => ours().filter((name) => !before.has(name));

const expected = /Contended\.main;Contended\.compute/;
testProfilerConformance({ profiler: asyncProfiler, start, expected, skip });

test('async-profiler takes memory, locks and time of waiting threads', { skip }, async () => {
  await using running = await start();
  for (const [event, folded] of [
    ['alloc', /Contended\.locked;Contended\.waste;byte\[\] \d/],
    ['heap', /byte\[\] \d/],
    ['lock', /Contended\.locked;java\.lang\.Object \d/],
    ['wall', /;__futex_abstimed_wait_common \d/],
  ] as const) {
    const ask = askFor({ event });
    assert.match(await foldedWith(folded, asyncProfiler, running.process, ask), folded, event);
  }
  assert.equal(running.said(), 'ready\n', 'the output of the program is its own');
  assert.deepEqual(left(), []);
});

test('async-profiler is loaded once however often it is asked for', { skip }, async () => {
  await using running = await start();
  for (let round = 0; round < 3; round++) {
    const process = await readProfiledProcess(running.process.pid);
    assert.ok(process);
    foldedOf(await asyncProfiler.collect(process, askFor({ durationMs: 200 }), never));
  }
  const { mappings = [] } = (await readProfiledProcess(running.process.pid)) ?? {};
  const paths = new Set(mappings.map(({ path }) => path).filter((path) => /kube-eagle/.test(path)));
  assert.equal(paths.size, 1, [...paths].join(' '));
});

/** Waits until a process has been on CPU for some more hundredths of a second (proc_pid_stat(5)). */
async function spend(pid: number, ticks: number): Promise<void> {
  const spent = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  for (const begin = spent(); spent() < begin + ticks; ) await sleep(20);
}

test('async-profiler stops and gives what it has when it is told to', { skip }, async () => {
  await using running = await start();
  const stop = new AbortController();
  const ask = askFor({ durationMs: 60_000 });
  const collecting = asyncProfiler.collect(running.process, ask, stop.signal);
  const { pid } = running.process;
  while (!readFileSync(`/proc/${pid}/maps`, 'latin1').includes('/.kube-eagle-')) await sleep(20);
  // Of which it takes half a second itself, to read the symbols of the JVM.
  await spend(pid, 300);
  stop.abort();
  const folded = foldedOf(await collecting);
  assert.match(folded, /Contended/);
  // Had it gone on, it would refuse to start again.
  foldedOf(await asyncProfiler.collect(running.process, askFor({ durationMs: 200 }), never));
});

test('async-profiler does without perf events where the kernel refuses them', {
  skip,
}, async () => {
  await using running = await run(withoutPerf, ['java', ...words]);
  const folded = await foldedWith(expected, asyncProfiler, running.process);
  assert.match(folded, expected);
});

test('async-profiler profiles a JVM of another user', { skip }, async () => {
  await using running = await run('setpriv', [
    '--reuid',
    '65534',
    '--clear-groups',
    'java',
    ...words,
  ]);
  assert.equal(running.process.inside.userId, 65_534);
  const folded = await foldedWith(expected, asyncProfiler, running.process);
  assert.match(folded, expected);
  assert.deepEqual(left(), []);
});

test('async-profiler finds another folder where /tmp is noexec', { skip }, async () => {
  await using running = await startAfter(tmpfs('noexec,mode=1777', '/tmp'));
  const folded = await foldedWith(expected, asyncProfiler, running.process);
  assert.match(folded, expected);
});

test('a container without any folder to load from is named', { skip }, async () => {
  const noexec = tmpfs('noexec,mode=1777', '/tmp', '/dev/shm');
  await using running = await startAfter(`${noexec}; ${tmpfs('ro', '/var/tmp')}`);
  const collected = await asyncProfiler.collect(running.process, askFor(), never);
  assert.deepEqual(collected, {
    kind: 'failed',
    reason: 'no_place',
    message: '/tmp is mounted noexec, /var/tmp is read-only, /dev/shm is mounted noexec',
  });
});

test('a JVM that lets nobody attach is named', { skip }, async () => {
  await using running = await run('java', ['-XX:+DisableAttachMechanism', ...words]);
  const collected = await asyncProfiler.collect(running.process, askFor(), never);
  assert.ok(collected.kind === 'failed' && collected.reason === 'attach_refused');
  assert.match(collected.message, /attach/i);
});

for (const java of globSync('/usr/lib/jvm/*/bin/java')) {
  test(`async-profiler profiles ${java}`, { skip }, async () => {
    await using running = await run(java, words);
    const folded = await foldedWith(expected, asyncProfiler, running.process);
    assert.match(folded, expected);
  });

  test(`${java} that loads no agents says so`, { skip }, async (t) => {
    await using running = await run(java, [
      ...['-XX:+IgnoreUnrecognizedVMOptions', '-XX:-EnableDynamicAgentLoading'],
      ...words,
    ]);
    const collected = await asyncProfiler.collect(running.process, askFor(), never);
    if (collected.kind === 'taken') return t.skip('this JVM does not know the option');
    assert.equal(collected.reason, 'attach_refused');
    assert.match(collected.message, /Dynamic agent loading is not enabled/);
  });
}

test('a JVM that another profiler is loaded into is left alone', { skip }, async () => {
  const agent = `-agentpath:${library}=start,event=itimer,file=/dev/null`;
  await using running = await run('java', [agent, ...words]);
  const verdict = await asyncProfiler.probe(running.process, askFor());
  assert.ok(verdict.kind === 'unable' && verdict.reason === 'profiler_busy');
  assert.match(verdict.message, /libasyncProfiler\.so/);
});

test('async-profiler is not had where attaching is off, or there is no library', {
  skip,
}, async () => {
  await using running = await start();
  const off = createAsyncProfiler({ library, mayAttach: false, nowMs });
  const absent = createAsyncProfiler({ library: '/nowhere.so', mayAttach: true, nowMs });
  const verdicts = [
    await off.probe(running.process, askFor()),
    await absent.probe(running.process, askFor()),
  ];
  assert.deepEqual(
    verdicts.map((verdict) => verdict.kind === 'unable' && verdict.reason),
    ['not_permitted', 'profiler_missing'],
  );
});

test('frameOfAsyncProfiler() reads the marks behind names', () => {
  const frames = ['java/lang/Thread.run_[0]', 'A.b_[i]', 'do_idle_[k]', 'os::wait'];
  assert.deepEqual(frames.map(frameOfAsyncProfiler), [
    { name: 'java.lang.Thread.run', kind: 'jvm', inlined: false },
    { name: 'A.b', kind: 'jvm', inlined: true },
    { name: 'do_idle', kind: 'kernel', inlined: false },
    { name: 'os::wait', kind: 'native' },
  ]);
});
