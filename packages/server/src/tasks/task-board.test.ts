import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  AgentSchema,
  OutcomeSchema,
  ProcessOutcomeSchema,
  ScopeSchema,
  type Task,
  TaskSpecSchema,
  type WorkResponse,
} from '@kube-eagle/api';
import { CPU, createProfileBuilder, labelsOf } from '@kube-eagle/profile';
import { createAgentHub } from '../agents/agent-hub.ts';
import { createManualClock, type ManualClock } from '../clock.ts';
import type { ControlStore } from '../control/control-store.ts';
import { createMemoryControlStore } from '../control/memory-control-store.ts';
import { createInventories } from '../inventory/inventories.ts';
import { createLimits } from '../limits.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { Cluster } from '../targets/cluster.ts';
import { openTestShop } from '../targets/testing.ts';
import { createSilentTelemetry } from '../telemetry.ts';
import { checkedOutcome } from './outcome.ts';
import { createTaskBoard } from './task-board.ts';

const NOW = Date.UTC(2026, 2, 12);
const signal = new AbortController().signal;

interface Options {
  readonly cluster?: Cluster;
  readonly clock?: ManualClock;
  readonly control?: ControlStore;
}

/** A board, its hub and what agents were sent, as words. */
async function openBoard({
  clock = createManualClock(NOW),
  control = createMemoryControlStore(),
  cluster,
}: Options = {}) {
  const limits = createLimits();
  const telemetry = createSilentTelemetry(limits);
  const store = createMemoryStore();
  const hub = await createAgentHub({ control, limits, telemetry, clock });
  const board = await createTaskBoard({
    control,
    store,
    hub,
    inventories: createInventories(limits),
    limits,
    telemetry,
    clock,
    ownNode: 'a',
    cluster,
  });
  const sent: string[] = [];
  return {
    board,
    clock,
    control,
    sent,
    /** Connects the agent of a node; the function it gives ends its stream. */
    async connect(node: string): Promise<() => Promise<void>> {
      const leaving = new AbortController();
      const messages = hub.connect(create(AgentSchema, { id: `id-${node}`, node }), leaving.signal);
      const reading = (async () => {
        for await (const message of messages) sent.push(`${node}: ${words(message)}`);
      })();
      board.resume(node);
      await settled();
      return async () => {
        leaving.abort();
        await reading;
      };
    },
    /** Stores one sample of a task, as an agent's export would have. */
    async storeSample(id: string): Promise<void> {
      const builder = createProfileBuilder();
      const series = builder.series(labelsOf([['task_id', id]]), CPU);
      builder.sample({ timeMs: clock.nowMs(), series, stack: -1, value: 1 });
      await store.append(`batch-${id}`, builder.finish(), signal);
    },
    async advance(ms: number): Promise<void> {
      clock.advance(ms);
      await settled();
    },
  };
}

function words({ kind }: WorkResponse): string {
  switch (kind.case) {
    case 'start':
      return `start [${[...kind.value.pids, ...kind.value.containers].join(' ')}] ${kind.value.durationMs} ms`;
    case 'cancel':
      return 'cancel';
    default:
      return kind.case ?? 'nothing';
  }
}

/** Lets everything that waits for nothing but its turn run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const specOf = (targets: string[], key = '') =>
  create(TaskSpecSchema, { targets, durationMs: 10_000, rateHz: 99, idempotencyKey: key });

const outcomeOf = (node: string, state: string, samples = 0) =>
  create(OutcomeSchema, { node, state, samples });

/** `done: a done 5, b failed agent_gone 0`. */
function shown({ state, outcomes }: Task): string {
  const parts = outcomes.map(({ node, state: of, reason, samples }) =>
    [node, of, reason, samples].filter((word) => word !== '').join(' '),
  );
  return `${state}: ${parts.join(', ')}`;
}

test('a task runs on its nodes and is done when all are', async () => {
  const { board, connect, sent, storeSample } = await openBoard();
  await connect('a');
  await connect('b');
  const { id, selector, spec } = await board.create(specOf(['pid/7', 'node/b']));
  await settled();
  assert.equal(selector, `{task_id="${id}"}`);
  assert.deepEqual(spec?.targets, ['pid/7@a', 'node/b']);
  assert.deepEqual(sent.slice(2), ['a: start [7] 10000 ms', 'b: start [] 10000 ms']);
  assert.equal(await board.report(id, outcomeOf('a', 'running', 3)), true);
  await storeSample(id);
  assert.equal(await board.report(id, outcomeOf('a', 'done', 5)), true);
  assert.equal(shown(await board.find(id)), 'running: a done 5, b running 0');
  await board.report(id, outcomeOf('b', 'done', 4));
  assert.equal(shown(await board.find(id)), 'done: a done 5, b done 4');
  assert.equal(await board.report(id, outcomeOf('b', 'failed')), false);
});

test('watchers see each state, and the stream ends with the task', async () => {
  const { board, connect, storeSample } = await openBoard();
  await connect('a');
  const { id } = await board.create(specOf(['host']));
  const seen: string[] = [];
  const watching = (async () => {
    for await (const task of board.watch(id, signal)) seen.push(shown(task));
  })();
  await settled();
  await board.report(id, outcomeOf('a', 'running', 1));
  await settled();
  await storeSample(id);
  await board.report(id, outcomeOf('a', 'done', 2));
  await watching;
  assert.equal(seen[0], 'running: a running 0');
  assert.equal(seen[1], 'running: a running 1');
  assert.equal(seen.at(-1), 'done: a done 2');
});

test('cancelling reaches agents at once, and ends when they say so', async () => {
  const { board, connect, sent, storeSample } = await openBoard();
  await connect('a');
  const { id } = await board.create(specOf(['host']));
  const asked = await board.cancel(id);
  await settled();
  assert.equal(shown(asked), 'running: a running cancelled 0');
  assert.equal(sent.at(-1), 'a: cancel');
  assert.equal(await board.report(id, outcomeOf('a', 'running', 1)), false);
  await storeSample(id);
  await board.report(id, outcomeOf('a', 'cancelled', 2));
  assert.equal((await board.find(id)).state, 'cancelled');
  assert.equal((await board.cancel(id)).state, 'cancelled');
});

test('a cancelled task ends also when its agent says nothing', async () => {
  const { board, connect, advance } = await openBoard();
  await connect('a');
  const { id } = await board.create(specOf(['host']));
  await board.cancel(id);
  await advance(4_000);
  assert.equal((await board.find(id)).state, 'running');
  await advance(2_000);
  assert.equal(shown(await board.find(id)), 'cancelled: a cancelled cancelled 0');
});

test('an agent that leaves and does not come back fails its part', async () => {
  const { board, connect, advance } = await openBoard();
  const leave = await connect('a');
  const { id } = await board.create(specOf(['host']));
  await leave();
  await advance(15_000);
  assert.equal((await board.find(id)).state, 'running');
  await advance(10_000);
  assert.equal(shown(await board.find(id)), 'failed: a failed agent_gone 0');
});

test('an agent that comes back is told again, for the time that is left', async () => {
  const { board, connect, sent, advance } = await openBoard();
  const leave = await connect('a');
  const { id } = await board.create(specOf(['pid/7']));
  await leave();
  await advance(4_000);
  await connect('a');
  assert.equal(sent.at(-1), 'a: start [7] 6000 ms');
  await advance(30_000);
  assert.equal((await board.find(id)).state, 'running');
});

test('a task that gives nothing by its deadline expires', async () => {
  const { board, connect, advance } = await openBoard();
  await connect('a');
  const { id } = await board.create(specOf(['host']));
  await advance(41_000);
  assert.equal(shown(await board.find(id)), 'expired: a expired deadline 0');
});

test('a part that used no CPU says so, one whose samples are not there has failed', async () => {
  const { board, connect } = await openBoard();
  await connect('a');
  const idle = await board.create(specOf(['pid/7']));
  await board.report(idle.id, outcomeOf('a', 'done', 0));
  assert.equal(shown(await board.find(idle.id)), 'done: a done no_samples 0');
  const lost = await board.create(specOf(['pid/7']));
  await board.report(lost.id, outcomeOf('a', 'done', 9));
  assert.equal(shown(await board.find(lost.id)), 'failed: a failed deadline 9');
});

test('one idempotency key is one task, also when its agent has left', async () => {
  const { board, connect, sent } = await openBoard();
  const leave = await connect('a');
  const first = await board.create(specOf(['host'], 'k'));
  await leave();
  assert.equal((await board.create(specOf(['host'], 'k'))).id, first.id);
  assert.equal(sent.filter((line) => line.includes('start')).length, 1);
});

test('after a restart an open task goes on, and ends if no agent comes back', async () => {
  const clock = createManualClock(NOW);
  const control = createMemoryControlStore();
  const before = await openBoard({ clock, control });
  await before.connect('a');
  const kept = await before.board.create(specOf(['pid/7']));
  const left = await before.board.create(specOf(['host']));
  before.board[Symbol.dispose]();
  clock.advance(2_000);
  const after = await openBoard({ clock, control });
  await after.connect('a');
  assert.deepEqual(
    after.sent.slice(1).toSorted((a, b) => (a < b ? -1 : 1)),
    ['a: start [7] 8000 ms', 'a: start [] 8000 ms'],
  );
  await after.storeSample(kept.id);
  await after.board.report(kept.id, outcomeOf('a', 'done', 1));
  assert.equal((await after.board.find(kept.id)).state, 'done');
  await after.advance(60_000);
  assert.equal((await after.board.find(left.id)).state, 'expired');
});

test('what an agent says of its processes is kept within bounds', () => {
  const long = 'x'.repeat(5_000);
  const process = { pid: 7, comm: long, state: 'done', message: long, samples: Number.NaN };
  const processes = Array.from({ length: 600 }, () => create(ProcessOutcomeSchema, process));
  const kept = checkedOutcome({ ...outcomeOf('a', 'done'), processes, processesLeftOut: 5 });
  assert.deepEqual([kept.processes.length, kept.processesLeftOut], [512, 93]);
  const [{ comm, message, samples, pid } = process] = kept.processes;
  assert.deepEqual([pid, comm.length, message.length, samples], [7, 64, 2_000, 0]);
});

test('what cannot be done is refused before anything is begun', async () => {
  const { board, connect } = await openBoard();
  await connect('a');
  const sound = specOf(['host']);
  for (const wrong of [
    { targets: [] },
    { targets: Array.from({ length: 65 }, (_, at) => `pid/${at + 1}`) },
    { durationMs: 0 },
    { durationMs: 3_600_001 },
    { durationMs: Number.NaN },
    { rateHz: 0 },
    { rateHz: 100_000 },
    { idempotencyKey: 'a b' },
    { event: 'joules' },
    { profiler: 'Py Spy' },
  ]) {
    const spec = create(TaskSpecSchema, { ...sound, ...wrong });
    await assert.rejects(board.create(spec), { code: 'invalid_argument' });
  }
  await assert.rejects(board.create(specOf(['node/z'])), { code: 'not_found' });
  await assert.rejects(board.create(specOf(['deploy/web'])), {
    code: 'failed_precondition',
    message: /watches no Kubernetes cluster/,
  });
  await assert.rejects(board.find('none'), { code: 'not_found' });
  await assert.rejects(board.cancel('none'), { code: 'not_found' });
  await assert.rejects(board.report('none', outcomeOf('a', 'done')), { code: 'not_found' });
  await assert.rejects(board.report('none', outcomeOf('a', 'finished')), {
    code: 'invalid_argument',
  });
});

const deployment = (word: string) =>
  create(TaskSpecSchema, { ...specOf([word]), scope: create(ScopeSchema, { namespace: 'shop' }) });

test('a deployment is measured on all its nodes; a node without an agent is told of', async () => {
  await using shop = await openTestShop();
  const { board, connect, sent, storeSample } = await openBoard({ cluster: shop.cluster });
  await connect('node-a');
  const { id, spec, places } = await board.create(deployment('deploy/web'));
  await settled();
  assert.deepEqual(spec?.targets, ['deploy/web']);
  assert.deepEqual(places, [
    'container/facea@node-a',
    'container/51dea@node-a',
    'container/faceb@node-b',
    'container/51deb@node-b',
  ]);
  assert.deepEqual(sent.slice(1), ['node-a: start [facea 51dea] 10000 ms']);
  await storeSample(id);
  await board.report(id, outcomeOf('node-a', 'done', 5));
  assert.equal(shown(await board.find(id)), 'partial: node-a done 5, node-b failed no_agent 0');
});

test('a pod that ends during a task makes its part partial, and is named', async () => {
  await using shop = await openTestShop();
  const { board, connect, storeSample } = await openBoard({ cluster: shop.cluster });
  await connect('node-a');
  await connect('node-b');
  const { id } = await board.create(deployment('deploy/web'));
  shop.remove('Pod', 'web-1-b');
  await shop.seen();
  await storeSample(id);
  await board.report(id, outcomeOf('node-a', 'done', 5));
  await board.report(id, outcomeOf('node-b', 'done', 3));
  const task = await board.find(id);
  assert.equal(shown(task), 'partial: node-a done 5, node-b partial pod_ended 3');
  assert.match(task.outcomes[1]?.message ?? '', /^shop\/web-1-b\. A pod ended during the task/);
});

test('pods on nodes without any agent are refused', async () => {
  await using shop = await openTestShop();
  const { board, connect } = await openBoard({ cluster: shop.cluster });
  await connect('elsewhere');
  await assert.rejects(board.create(deployment('deploy/web')), {
    code: 'failed_precondition',
    message: /no agent is connected for node-a, node-b/,
  });
  await assert.rejects(board.create(deployment('deploy/none')), { code: 'not_found' });
});
