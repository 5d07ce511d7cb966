import assert from 'node:assert/strict';
import test from 'node:test';
import { windowOf } from '../sampler/recording.ts';
import { createProcessOutcomes } from './process-outcomes.ts';

const process = (pid: number) => ({
  ...{ pid, startTicks: 1, comm: `p${pid}`, exe: '/p', containerId: '', unit: '' },
});
const windowFrom = (...pids: readonly number[]) =>
  windowOf({
    ...{ startMs: 1, durationNs: 1e9, rateHz: 99, lost: 0, executables: [] },
    processes: pids.map(process),
    stacks: pids.map((pid, at) => ({
      ...{ process: at, count: pid, end: 'no_user' as const, frames: ['kernel:0x1'] },
    })),
  });

test('a process that begins during the task is listed, and ends with the others', () => {
  const outcomes = createProcessOutcomes();
  outcomes.add(process(7), { language: 'go', profiler: 'ebpf', why: 'counted' });
  outcomes.add(process(9), { language: 'java', profiler: 'async-profiler', why: 'loaded' });
  outcomes.tookWindow(windowFrom(7, 8), 'ebpf');
  outcomes.tookWindow(windowFrom(8), 'ebpf');
  outcomes.endAll('ebpf', { state: 'done', note: '' });
  const rows = outcomes.list().map((row) => [row.pid, row.state, row.samples, row.message]);
  assert.deepEqual(rows, [
    [7, 'done', 7, 'counted'],
    [9, 'running', 0, 'loaded'],
    [8, 'done', 16, 'began during the task'],
  ]);
});

test('the first end of a process counts, and what gave nothing says so', () => {
  const outcomes = createProcessOutcomes();
  outcomes.add(process(7), { language: 'go', profiler: 'go-pprof', why: 'asked' });
  outcomes.end(process(7), { state: 'done', note: 'note' });
  outcomes.end(process(7), { state: 'failed', reason: 'profiler_failed', message: 'late' });
  const [row] = outcomes.list();
  assert.deepEqual([row?.state, row?.reason, row?.message], ['done', 'no_samples', 'asked; note']);
});

test('processes beyond the bound are counted', () => {
  const outcomes = createProcessOutcomes();
  for (let pid = 1; pid <= 300; pid++) {
    outcomes.add(process(pid), { language: '', profiler: 'ebpf', why: '' });
  }
  outcomes.tookWindow(windowFrom(299, 300), 'ebpf');
  assert.deepEqual([outcomes.list().length, outcomes.leftOut()], [256, 44]);
});
