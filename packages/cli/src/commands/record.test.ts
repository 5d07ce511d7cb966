import assert from 'node:assert/strict';
import test from 'node:test';
import { REASONS } from '@kube-eagle/api';
import { runIn, type TaskStep, testServer } from '../testing.ts';

const done: TaskStep = { state: 'done', outcomes: [{ node: 'n1', state: 'done', samples: 990 }] };

test('record makes a task, waits for it and shows its profile', async () => {
  const server = testServer({ course: [{ state: 'running' }, { state: 'merging' }, done] });
  const words = ['record', 'pid/7', 'host', '-d', '10s', '-F', '49', '-o', 'folded'];
  const { status, out, err } = await runIn(server, words);
  assert.equal(status, 0);
  assert.equal(out, 'main;heavy 7000000\nmain;light 3000000\n');
  assert.equal(err, 'recording pid/7 host for 10s at 49 Hz, task t1\ntask t1 done, 990 samples\n');
  const [spec] = server.made;
  assert.deepEqual(
    [spec?.targets, spec?.durationMs, spec?.rateHz, spec?.idempotencyKey],
    [['pid/7', 'host'], 10_000, 49, 'random-1'],
  );
});

test('record draws its progress on a terminal and takes it away', async () => {
  const server = testServer({ course: [{ state: 'running' }, done] });
  const { out, err } = await runIn(server, ['record', 'host'], { isTty: true });
  const clear = '\r\u001b[K';
  assert.equal(err, `${clear}${'█'.repeat(20)} 30.0 s of 30s  queued host${clear}`);
  assert.match(out, /heavy/);
});

test('record -a prints the id and the URL and does not wait', async () => {
  const { status, out } = await runIn(testServer(), ['record', 'host', '-a']);
  assert.equal(status, 0);
  assert.equal(out, 't1\nhttp://127.0.0.1:4040/?q=%7Btask_id%3D%22t1%22%7D\n');
});

test('record without samples says why on each node, and what to do', async () => {
  const outcomes = [
    { node: 'n1', state: 'failed', reason: 'no_such_process', message: 'no process 7 on n1.' },
    { node: 'n2', state: 'done' },
    { node: 'n3', state: 'failed', reason: 'no_agent', message: `x. ${REASONS.no_agent}` },
  ];
  const server = testServer({ course: [{ state: 'failed', outcomes }] });
  const { status, out, err } = await runIn(server, ['record', 'pid/7']);
  assert.equal(status, 1);
  assert.equal(out, '');
  assert.deepEqual(err.split('\n').slice(2), [
    'error: task t1 failed without samples',
    '  n1: failed (no_such_process). no process 7 on n1. The process had ended or never was. List what runs: ps, or eagle targets.',
    '  n2: done (no_samples). The target used no CPU in the time. Try longer, or another event.',
    `  n3: failed (no_agent). x. ${REASONS.no_agent}`,
    '',
  ]);
});

test('record shows what there is of a partial task, and says what is missing', async () => {
  const outcomes = [
    { node: 'n1', state: 'failed', reason: 'agent_gone' },
    { node: 'n2', state: 'done', samples: 10 },
  ];
  const server = testServer({ course: [{ state: 'partial', outcomes }] });
  const { status, out, err } = await runIn(server, ['record', 'host']);
  assert.equal(status, 0);
  assert.match(out, /heavy/);
  assert.match(err, /n1: failed \(agent_gone\)\. The agent left during the task\./);
});

test('an interrupt cancels the task, shows what was taken and exits with 130', async () => {
  const cancelled = {
    state: 'cancelled',
    outcomes: [{ node: 'n1', state: 'cancelled', reason: 'cancelled', samples: 40 }],
  };
  const server = testServer({ course: [{ state: 'running' }], cancelled });
  const interrupt = new AbortController();
  const running = runIn(server, ['record', 'host', '-o', 'folded'], { signal: interrupt.signal });
  setImmediate(() => interrupt.abort());
  const { status, out, err } = await running;
  assert.equal(status, 130);
  assert.deepEqual(server.cancels, ['t1']);
  assert.equal(out, 'main;heavy 7000000\nmain;light 3000000\n');
  assert.match(err, /cancelling t1/);
  assert.match(err, /error: interrupted: this is what was taken\n$/);
});

test('an interrupt before the first sample exits with 130', async () => {
  const server = testServer({ course: [{ state: 'running' }] });
  const { status, out } = await runIn(server, ['record', 'host'], { signal: AbortSignal.abort() });
  assert.equal(status, 130);
  assert.equal(out, '');
});

test('record says what became of each process, what went wrong first', async () => {
  const java = { pid: 7, comm: 'java', language: 'java', profiler: 'async-profiler' };
  const python = { pid: 8, comm: 'python3', language: 'python', profiler: 'auto' };
  const message = 'none takes lock of python';
  const outcome = {
    ...{ node: 'n1', state: 'partial', reason: 'profiler_unfit', message, samples: 90 },
    processes: [
      { ...java, state: 'done', samples: 90, message: 'loaded into the JVM' },
      { ...python, state: 'failed', samples: 0, reason: 'profiler_unfit', message },
    ],
    processesLeftOut: 3,
  };
  const server = testServer({ course: [{ state: 'partial', outcomes: [outcome] }] });
  const words = ['record', 'container/4f5e', '-e', 'cpu', '-p', 'auto', '--native'];
  const { err } = await runIn(server, words);
  const lines = err.split('\n').slice(2, 6);
  assert.equal(lines[0], `n1: partial (profiler_unfit). ${message}. ${REASONS.profiler_unfit}`);
  assert.deepEqual(lines.slice(1), [
    `  8 python3  python  auto  failed  0 samples  profiler_unfit  ${message}`,
    '  7 java  java  async-profiler  done  90 samples  loaded into the JVM',
    '  and 3 more processes',
  ]);
  const [spec] = server.made;
  assert.deepEqual([spec?.event, spec?.profiler, spec?.nativeFrames], ['cpu', 'auto', true]);
  const { out } = await runIn(server, ['tasks', 'get', 't1']);
  assert.match(out, /cpu by auto\n {2}n1 {2}partial .*\n {4}8 python3 .*\n {4}7 java /);
});

test('record asks for the type of its event, and refuses an event that is none', async () => {
  const { out } = await runIn(testServer(), ['record', 'pid/7', '-e', 'alloc', '-a']);
  const [, url = ''] = out.split('\n');
  assert.equal(new URL(url).searchParams.get('type'), 'memory:alloc_space:bytes:space:bytes');
  const { status, err } = await runIn(testServer(), ['record', 'pid/7', '-e', 'joules']);
  assert.equal(status, 2);
  assert.match(err, /--event: expected cpu, wall, alloc, heap, lock, block, got "joules"/);
});
