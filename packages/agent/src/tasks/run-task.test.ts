import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS } from '@kube-eagle/api';
import { EagleError, type Labels, readFolded } from '@kube-eagle/profile';
import type { BatchEnd } from '../export/sender.ts';
import { seriesLabels } from '../export/series-labels.ts';
import { LIMITS } from '../limits.ts';
import { readStat } from '../proc/process.ts';
import { createEbpfProfiler } from '../profilers/ebpf.ts';
import { oneSeries } from '../profilers/one-series.ts';
import { type Collected, failed, type ProcessProfiler, unable } from '../profilers/profiler.ts';
import { createResourceTable } from '../profilers/resource-table.ts';
import { windowOf } from '../sampler/recording.ts';
import type { CountingSampler } from '../sampler/sampler.ts';
import type { TaskOutcome } from './reporter.ts';
import { runTask, type TaskPorts } from './run-task.ts';
import type { TaskRequest } from './task-request.ts';

/** Takes `a;b` three times in each stretch. */
function twinProfiler(other: Partial<ProcessProfiler> = {}): ProcessProfiler {
  return {
    kind: 'process',
    name: 'twin',
    language: 'c/c++',
    events: ['cpu', 'alloc', 'heap'],
    stretchMs: 100,
    probe: async () => ({ kind: 'able', how: 'by a twin', holds: 'ptrace' }),
    async collect(_process, { event, durationMs }, signal): Promise<Collected> {
      await sleep(durationMs, undefined, { signal }).catch(() => undefined);
      const { type } = EVENTS[event];
      const { value } = await readFolded([Buffer.from('a;b 3')], { type });
      const stretch = { type, period: 0, startMs: 1, durationNs: 1, taken: 3, lost: 0 };
      return { kind: 'taken', profile: oneSeries(value, stretch), samples: 3, note: '' };
    },
    ...other,
  };
}

/** Gives a window of each pid it is opened for once, when it is told to stop. */
const wide = createEbpfProfiler(async ({ pids }) => {
  const sampler: CountingSampler = {
    scope: 'some programs',
    async *windows(signal) {
      if (!signal.aborted) await once(signal, 'abort');
      const processes = pids.map((pid) => ({
        ...{ pid, startTicks: readStat(pid)?.startTicks ?? 0, comm: 'sleep', exe: '/bin/sleep' },
        ...{ containerId: '', unit: '' },
      }));
      const stacks = pids.map((_, process) => ({
        ...{ process, count: 5, end: 'no_user' as const, frames: ['kernel:0x1'] },
      }));
      const span = { startMs: 1, durationNs: 1e9, rateHz: 99, lost: 0 };
      yield windowOf({ ...span, processes, executables: [], stacks });
    },
    counters: () => ({}),
    async [Symbol.asyncDispose]() {},
  };
  return { sampler, driver: 'ebpf', findings: [] };
});

interface Bench {
  readonly pids: readonly number[];
  /** Of each profile that was given to the exporter, the labels. */
  readonly exported: Labels[];
  readonly told: TaskOutcome[];
  readonly cancel: () => void;
  run(task?: Partial<TaskRequest>): Promise<TaskOutcome>;
}

/** Two real processes, and an agent's tasks with what a test changes of its ports. */
async function withBench(
  other: Partial<TaskPorts>,
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  const children = [spawn('sleep', ['60']), spawn('sleep', ['60'])];
  const exported: Labels[] = [];
  const told: TaskOutcome[] = [];
  const cancelling = new AbortController();
  const sent = { ended: Promise.resolve<BatchEnd>({ kind: 'sent' }) };
  const ports: TaskPorts = {
    node: 'n1',
    profilers: [twinProfiler(), wide],
    resources: createResourceTable(),
    exporter: {
      exportUrgently: async () => sent,
      async exportProfile(_profile, process, origin) {
        exported.push(seriesLabels(process, false, origin, () => []));
        return sent;
      },
    },
    here: {
      startTicks: (pid) => readStat(pid)?.startTicks,
      findContainer: () => ({
        kind: 'found',
        groups: [{ hierarchy: 'unified', id: 1, directory: '/' }],
      }),
      findUnit: () => ({ kind: 'none' }),
      isThere: () => true,
      processesIn: () => children.map(({ pid = 0 }) => pid),
      containerNamed: () => ({ kind: 'none', names: [] }),
      mainPidOf: () => undefined,
      processesNamed: () => ({ pids: [], names: [] }),
    },
    limits: LIMITS,
    nowMs: () => Date.now(),
    ...other,
  };
  const pids = children.map(({ pid = 0 }) => pid);
  const usual: TaskRequest = {
    ...{ taskId: 't', pids, threads: [], containers: [], units: [], durationMs: 100, rateHz: 99 },
    ...{
      dockerNames: [],
      processNames: [],
      mainOnly: false,
      event: 'alloc',
      profiler: '',
      nativeFrames: false,
    },
  };
  const control = {
    cancelled: cancelling.signal,
    deadline: new AbortController().signal,
    progress: (outcome: TaskOutcome) => void told.push(outcome),
  };
  try {
    const run = (task: Partial<TaskRequest> = {}) => runTask({ ...usual, ...task }, ports, control);
    await work({ pids, exported, told, run, cancel: () => cancelling.abort() });
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/** What became of the processes, as `comm profiler state samples reason`. */
const processesOf = ({ processes }: TaskOutcome): readonly string[] =>
  processes.map(({ comm, profiler, state, samples, reason }) =>
    [comm, profiler, state, samples, reason].join(' ').trim(),
  );

test('each process of a container is profiled by itself, its series labelled', async () => {
  await withBench({}, async ({ run, exported, told }) => {
    const outcome = await run({ pids: [], containers: ['4f5e'] });
    assert.deepEqual(
      [outcome.state, outcome.samples, processesOf(outcome)],
      ['done', 6, ['sleep twin done 3', 'sleep twin done 3']],
    );
    assert.match(outcome.processes[0]?.message ?? '', /^twin for alloc of c\/c\+\+; by a twin$/);
    const labels = exported[0]?.map(({ name, value }) => `${name}=${value}`);
    for (const label of ['profiler=twin', 'task_id=t', 'language=c/c++', 'process=sleep']) {
      assert.ok(labels?.includes(label), `${label} in ${labels}`);
    }
    assert.ok(told.length > 0 && told.every(({ state }) => state === 'running'));
  });
});

test('CPU time is left to the kernel unless another profiler is named', async () => {
  await withBench({}, async ({ run, exported }) => {
    const usual = await run({ event: '' });
    assert.deepEqual(processesOf(usual), ['sleep ebpf done 5', 'sleep ebpf done 5']);
    assert.equal(exported.length, 0);
    const named = await run({ event: 'cpu', profiler: 'twin' });
    assert.deepEqual(processesOf(named), ['sleep twin done 3', 'sleep twin done 3']);
  });
});

test('a sampler that cannot be had fails each of its processes with the reason', async () => {
  const broken = createEbpfProfiler(async () => {
    throw new EagleError('failed_precondition', 'expected BTF, got none');
  });
  await withBench({ profilers: [broken] }, async ({ run }) => {
    const outcome = await run({ event: 'cpu' });
    assert.deepEqual([outcome.state, outcome.reason], ['failed', 'sampler_failed']);
    assert.deepEqual(processesOf(outcome), [
      'sleep ebpf failed 0 sampler_failed',
      'sleep ebpf failed 0 sampler_failed',
    ]);
  });
});

test('auto gives each process the first profiler that can do it, and none is counted twice', async () => {
  await withBench({}, async (outer) => {
    const [first] = outer.pids;
    const picky = twinProfiler({
      probe: async ({ pid }) =>
        pid === first ? { kind: 'able', how: '' } : unable('profiler_missing', 'no twin here'),
    });
    await withBench({ profilers: [picky, wide] }, async ({ run }) => {
      const outcome = await run({ pids: outer.pids, event: 'cpu', profiler: 'auto' });
      assert.deepEqual(processesOf(outcome).toSorted(), ['sleep ebpf done 5', 'sleep twin done 3']);
      assert.match(JSON.stringify(outcome.processes), /ebpf for cpu of c\/c\+\+.*no twin here/);
    });
  });
});

test('what no profiler takes is refused with the reason, of each process and the whole', async () => {
  await withBench({}, async ({ run }) => {
    const none = await run({ event: 'block' });
    assert.deepEqual([none.state, none.reason], ['failed', 'profiler_unfit']);
    assert.match(none.message, /none of twin, ebpf takes block of c\/c\+\+/);
    const host = await run({ pids: [] });
    assert.deepEqual([host.state, host.reason], ['failed', 'profiler_unfit']);
    assert.match(host.message, /name processes, containers or services/);
    const unknown = await run({ profiler: 'nobody' });
    assert.match(unknown.message, /expected a profiler of auto, twin, ebpf, got "nobody"/);
  });
});

test('one profiler at a time has a resource of a process; the other is told who has it', async () => {
  await withBench({}, async ({ run, pids, told, cancel }) => {
    const first = run({ taskId: 'first', pids: pids.slice(0, 1), durationMs: 60_000 });
    while (told.length === 0) await sleep(5);
    const second = await run({ taskId: 'second' });
    assert.deepEqual(
      [second.state, processesOf(second)],
      ['partial', ['sleep twin failed 0 profiler_busy', 'sleep twin done 3']],
    );
    assert.match(
      second.message,
      /^twin of task first has process \d+ until \d{4}-.*: run it again/,
    );
    cancel();
    await first;
  });
});

test('a profiler that fails on one process leaves the task partial', async () => {
  await withBench({}, async (outer) => {
    const twin = twinProfiler();
    const frail = twinProfiler({
      collect: (process, ask, signal) =>
        process.pid === outer.pids[0]
          ? Promise.resolve(failed('attach_refused', 'no.'))
          : twin.collect(process, ask, signal),
    });
    await withBench({ profilers: [frail] }, async ({ run }) => {
      const { state, reason, message } = await run({ pids: outer.pids });
      assert.deepEqual([state, reason, message], ['partial', 'attach_refused', 'no.']);
    });
  });
});

test('a cancelled task keeps what its profilers gave', async () => {
  await withBench({}, async ({ run, told, cancel }) => {
    const running = run({ durationMs: 60_000 });
    while (told.length === 0) await sleep(5);
    cancel();
    const outcome = await running;
    assert.equal(outcome.state, 'cancelled');
    assert.ok(outcome.samples > 0);
    assert.ok(outcome.processes.every(({ state }) => state === 'cancelled'));
  });
});

test('a process that ends early ends its part, which keeps what it gave', async () => {
  await withBench({}, async ({ run, told, pids: [pid = 0] }) => {
    const running = run({ pids: [pid], durationMs: 60_000 });
    while (told.length === 0) await sleep(5);
    process.kill(pid, 'SIGKILL');
    const outcome = await running;
    assert.deepEqual([outcome.state, outcome.reason], ['done', 'process_ended']);
    assert.match(outcome.processes[0]?.message ?? '', /it ended during the task/);
  });
});

test('what is in use is taken once, not added up over stretches', async () => {
  await withBench({}, async ({ run, pids }) => {
    assert.equal((await run({ pids: pids.slice(0, 1), event: 'heap' })).samples, 3);
  });
});
