import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport } from '@connectrpc/connect-node';
import { AgentService } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { BatchEnd } from '../export/sender.ts';
import { LIMITS } from '../limits.ts';
import { createEbpfProfiler } from '../profilers/ebpf.ts';
import type { WideProfiler } from '../profilers/profiler.ts';
import { createResourceTable } from '../profilers/resource-table.ts';
import { windowOf } from '../sampler/recording.ts';
import type { CountingSampler, SampleRequest, SampleWindow } from '../sampler/sampler.ts';
import { createSilentTelemetry } from '../telemetry.ts';
import type { RunningHere } from './find-subjects.ts';
import { followWork } from './follow-work.ts';
import { createTaskDesk, type DeskPorts } from './task-desk.ts';

const PID = 7;
const CONTAINER = '4f5e'.repeat(16);
const GROUP = { hierarchy: 'unified', id: 9, directory: '/sys/fs/cgroup/x' } as const;

/** A machine with one process, one container, and two more of a like id. */
const HERE: RunningHere = {
  startTicks: (pid) => (pid === PID ? 1 : undefined),
  findContainer(begin) {
    if (CONTAINER.startsWith(begin)) return { kind: 'found', groups: [GROUP] };
    if (begin === 'aaaa') return { kind: 'ambiguous', names: ['aaaa1', 'aaaa2'] };
    return { kind: begin === 'bbbb' ? 'unseen' : 'none' };
  },
  findUnit: () => ({ kind: 'none' }),
  isThere: () => true,
  processesIn: () => [],
  containerNamed: () => ({ kind: 'none', names: [] }),
  mainPidOf: () => undefined,
  processesNamed: () => ({ pids: [], names: [] }),
};

function windowOfCount(count: number): SampleWindow {
  const nobody = { startTicks: 1, comm: 'app', exe: '/app', containerId: '', unit: '' };
  return windowOf({
    startMs: 1,
    durationNs: 1e9,
    rateHz: 99,
    lost: 0,
    processes: [{ ...nobody, pid: PID }],
    executables: [],
    stacks: [{ process: 0, count, end: 'no_user', frames: ['kernel:0x1'] }],
  });
}

/** Gives one window at once and one, the last, when it is told to stop. */
function twinSampler(): CountingSampler {
  return {
    scope: 'one program',
    async *windows(signal) {
      yield windowOfCount(5);
      if (!signal.aborted) await once(signal, 'abort');
      yield windowOfCount(2);
    },
    counters: () => ({}),
    async [Symbol.asyncDispose]() {},
  };
}

interface Setting {
  readonly start: (task: {
    pids?: number[];
    threads?: number[];
    containers?: string[];
    units?: string[];
    durationMs?: number;
    rateHz?: number;
  }) => void;
  readonly cancel: () => void;
  /** Breaks the stream that stands. */
  readonly hangUp: () => void;
  /** The end of the task as the server was told. */
  readonly ended: Promise<{ state: string; reason: string; samples: number; message: string }>;
  /** Reports that have come, as `state samples`. */
  readonly reports: string[];
  readonly exported: string[];
  readonly agents: string[];
}

interface SettingOptions {
  readonly openSampler?: WideProfiler['open'];
  readonly desk?: Partial<DeskPorts>;
  /** Answers of Report before it works. */
  readonly reportFailures?: number;
}

const openTwin: WideProfiler['open'] = async () => ({
  sampler: twinSampler(),
  driver: 'replay',
  findings: [],
});

/** An agent's tasks before a real Connect server over HTTP/2. */
async function withServer(
  options: SettingOptions,
  work: (setting: Setting) => Promise<void>,
): Promise<void> {
  const ended = Promise.withResolvers<Awaited<Setting['ended']>>();
  const reports: string[] = [];
  const exported: string[] = [];
  const agents: string[] = [];
  let failuresLeft = options.reportFailures ?? 0;
  let stream = Promise.withResolvers<void>();
  let hangUp = (): void => {};
  const messages: { case: 'start' | 'cancel'; value: unknown }[] = [];
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(AgentService, {
        async *work({ agent }) {
          agents.push(`${agent?.node} ${agent?.sampler}`);
          yield { kind: { case: 'heartbeat', value: {} } };
          let isUp = true;
          hangUp = () => {
            isUp = false;
            stream.resolve();
          };
          while (isUp) {
            const message = messages.shift();
            if (message) yield { kind: message } as never;
            else await stream.promise;
            stream = Promise.withResolvers();
          }
        },
        async report({ outcome }) {
          if (failuresLeft-- > 0) throw new EagleError('unavailable', 'not now');
          const { state = '', reason = '', samples = 0, message = '' } = outcome ?? {};
          reports.push(`${state} ${samples}`);
          if (state !== 'running') ended.resolve({ state, reason, samples, message });
          return {};
        },
      }),
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = createClient(AgentService, createConnectTransport({ baseUrl, httpVersion: '2' }));
  const telemetry = createSilentTelemetry();
  const over = new AbortController();
  const ports: DeskPorts = {
    node: 'n1',
    profilers: [createEbpfProfiler(options.openSampler ?? openTwin)],
    resources: createResourceTable(),
    nowMs: () => Date.now(),
    exporter: {
      exportProfile: async () => ({}),
      async exportUrgently(window, { taskId }) {
        exported.push(`${taskId} ${window.stacks.count[0]}`);
        return { ended: Promise.resolve<BatchEnd>({ kind: 'sent' }) };
      },
    },
    here: HERE,
    limits: LIMITS,
    report(taskId, outcome, signal) {
      const { processes } = outcome;
      const told = { ...outcome, processes: [...processes], node: 'n1' };
      return client.report({ agentId: 'a', taskId, outcome: told }, { signal });
    },
    telemetry,
    random: () => 0,
    ...options.desk,
  };
  const desk = createTaskDesk(ports, over.signal);
  const identity = () => ({
    ...{ id: 'a', node: 'n1', version: '0', kernel: '6', arch: 'x64' },
    ...{ sampler: 'replay', findings: [], rateHz: 19 },
  });
  const following = followWork(
    {
      client,
      identity,
      desk,
      inventoryWanted: () => {},
      limits: ports.limits,
      telemetry,
      random: () => 0,
    },
    over.signal,
  );
  const post = (message: (typeof messages)[number]): void => {
    messages.push(message);
    stream.resolve();
  };
  try {
    await work({
      start: (task) =>
        post({
          case: 'start',
          value: { taskId: 't', pids: [PID], durationMs: 60_000, rateHz: 99, ...task },
        }),
      cancel: () => post({ case: 'cancel', value: 't' }),
      hangUp: () => hangUp(),
      ended: ended.promise,
      reports,
      exported,
      agents,
    });
  } finally {
    over.abort();
    await following;
    await desk.end();
    server.close();
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

test('a task gives its windows and, once the server has them, its outcome', async () => {
  const acknowledged = Promise.withResolvers<BatchEnd>();
  const exportUrgently = async () => ({ ended: acknowledged.promise });
  const exporter = { exportUrgently, exportProfile: async () => ({}) };
  await withServer({ desk: { exporter } }, async ({ start, ended, reports, agents }) => {
    start({ durationMs: 20 });
    await until(() => reports.length > 0);
    await sleep(50);
    assert.deepEqual(reports, ['running 5']);
    acknowledged.resolve({ kind: 'sent' });
    assert.deepEqual(await ended, { state: 'done', reason: '', samples: 7, message: '' });
    assert.deepEqual(agents, ['n1 replay']);
  });
});

test('a cancelled task sends what was taken and says so', async () => {
  await withServer({}, async ({ start, cancel, ended, exported, reports }) => {
    start({});
    await until(() => reports.length > 0);
    cancel();
    const { state, samples } = await ended;
    assert.deepEqual([state, samples, exported], ['cancelled', 7, ['t 5', 't 2']]);
  });
});

test('a task of processes that are not there fails, of some of them is partial', async () => {
  await withServer({}, async ({ start, ended }) => {
    start({ pids: [1_000_000] });
    const { state, reason, message } = await ended;
    assert.deepEqual([state, reason], ['failed', 'no_such_process']);
    assert.match(message, /no process 1000000\. .*eagle targets/);
  });
  await withServer({}, async ({ start, ended }) => {
    start({ pids: [1_000_000, PID], durationMs: 20 });
    const { state, reason, samples } = await ended;
    assert.deepEqual([state, reason, samples], ['partial', 'no_such_process', 7]);
  });
});

test('containers and threads are sampled as they were found', async () => {
  const asked: SampleRequest[] = [];
  const openSampler: WideProfiler['open'] = async (request) => {
    asked.push(request);
    return { sampler: twinSampler(), driver: 'replay', findings: [] };
  };
  await withServer({ openSampler }, async ({ start, ended }) => {
    start({ pids: [], threads: [PID], containers: ['4f5e'], durationMs: 20 });
    assert.equal((await ended).state, 'done');
    const [{ pids, threads, cgroups } = { pids: [] }] = asked;
    assert.deepEqual({ pids, threads, cgroups }, { pids: [], threads: [PID], cgroups: [GROUP] });
  });
});

test('a container or service that cannot be found is told by its reason', async () => {
  const cases = [
    [{ containers: ['cccc'] }, 'no_such_container', /no container cccc\. .*eagle targets/],
    [{ containers: ['aaaa'] }, 'ambiguous', /could be aaaa1, aaaa2\. .*Write more/],
    [{ containers: ['bbbb'] }, 'not_permitted', /run the agent in the host's cgroup namespace/],
    [{ units: ['x.service'] }, 'no_such_unit', /no x\.service\. /],
    [{ threads: [8] }, 'no_such_process', /no thread 8\. /],
  ] satisfies [Parameters<Setting['start']>[0], string, RegExp][];
  for (const [task, reason, message] of cases) {
    await withServer({}, async ({ start, ended }) => {
      start({ pids: [], ...task });
      const outcome = await ended;
      assert.deepEqual([outcome.state, outcome.reason], ['failed', reason]);
      assert.match(outcome.message, message);
    });
  }
});

test('a container that ends early ends its task', async () => {
  let isThere = true;
  const here = { ...HERE, isThere: () => isThere };
  await withServer({ desk: { here } }, async ({ start, ended, reports }) => {
    start({ pids: [], containers: [CONTAINER] });
    await until(() => reports.length > 0);
    isThere = false;
    assert.equal((await ended).reason, 'process_ended');
  });
});

test('a process that ends early ends its task, which keeps what it gave', async () => {
  let runs = true;
  const here = { ...HERE, startTicks: () => (runs ? 1 : undefined) };
  await withServer({ desk: { here } }, async ({ start, ended, reports }) => {
    start({});
    await until(() => reports.length > 0);
    runs = false;
    const { state, reason, samples } = await ended;
    assert.deepEqual([state, reason, samples], ['done', 'process_ended', 7]);
  });
});

test('what is out of bounds is refused with a reason', async () => {
  const cases = [
    [{ rateHz: 1_001 }, 'rate_too_high'],
    [{ rateHz: 0 }, 'not_permitted'],
    [{ durationMs: 3_600_001 }, 'not_permitted'],
    [{ durationMs: Number.NaN }, 'not_permitted'],
  ] as const;
  for (const [task, reason] of cases) {
    await withServer({}, async ({ start, ended }) => {
      start(task);
      const outcome = await ended;
      assert.deepEqual([outcome.state, outcome.reason], ['failed', reason]);
      assert.match(outcome.message, /expected .* got /);
    });
  }
  const limits = { ...LIMITS, tasksAtOnce: 0 };
  await withServer({ desk: { limits } }, async ({ start, ended }) => {
    start({});
    assert.equal((await ended).reason, 'not_permitted');
  });
});

test('a sampler that cannot be had fails the task with what is missing', async () => {
  const openSampler = async (_request: SampleRequest): Promise<never> => {
    throw new EagleError('failed_precondition', 'expected BTF, got none');
  };
  await withServer({ openSampler }, async ({ start, ended }) => {
    start({});
    const { state, reason, message } = await ended;
    assert.deepEqual(
      [state, reason, message],
      ['failed', 'sampler_failed', 'expected BTF, got none'],
    );
  });
});

test('a result that was dropped on its way fails the task', async () => {
  const exporter = {
    exportProfile: async () => ({}),
    exportUrgently: async () => ({
      ended: Promise.resolve<BatchEnd>({ kind: 'dropped', message: '413: too large' }),
    }),
  };
  await withServer({ desk: { exporter } }, async ({ start, ended }) => {
    start({ durationMs: 20 });
    const { state, message } = await ended;
    assert.equal(state, 'failed');
    assert.match(message, /413: too large/);
  });
});

test('a report is repeated until the server takes it', async () => {
  await withServer({ reportFailures: 3 }, async ({ start, ended }) => {
    start({ durationMs: 20 });
    assert.equal((await ended).state, 'done');
  });
});

test('a broken stream is opened again, and a task asked for twice runs once', async () => {
  await withServer({}, async ({ start, cancel, hangUp, ended, reports, agents, exported }) => {
    start({});
    await until(() => reports.length > 0);
    hangUp();
    await until(() => agents.length > 1);
    start({});
    cancel();
    assert.equal((await ended).state, 'cancelled');
    assert.deepEqual(exported, ['t 5', 't 2']);
  });
});

test('a silent stream is taken for dead and opened again', async () => {
  const limits = { ...LIMITS, streamSilenceMs: 50 };
  await withServer({ desk: { limits } }, async ({ agents }) => {
    await until(() => agents.length > 2);
  });
});
