import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  AssignmentSchema,
  isEnded,
  type Outcome,
  REASONS,
  type Task,
  TaskSchema,
  type TaskSpec,
  type WorkResponse,
  WorkResponseSchema,
} from '@kube-eagle/api';
import { EagleError, matcher } from '@kube-eagle/profile';
import type { AgentHub } from '../agents/agent-hub.ts';
import type { Clock } from '../clock.ts';
import type { ControlStore } from '../control/control-store.ts';
import type { Inventories } from '../inventory/inventories.ts';
import type { Limits } from '../limits.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { Cluster } from '../targets/cluster.ts';
import type { Telemetry } from '../telemetry.ts';
import { lostPods } from './lost-pods.ts';
import { checkedOutcome } from './outcome.ts';
import { nodesOf, type PlacedTarget, partOn } from './placement.ts';
import { requireAgents, resolveTargets } from './resolve-targets.ts';
import { formatTarget, parseTarget, type Target } from './target.ts';
import * as life from './task-life.ts';
import { checkedTargets } from './task-spec.ts';
import { openTaskTable, type TaskTable } from './task-table.ts';

/** Profiles on demand: tasks, from being asked for to their end. */
export interface TaskBoard extends Disposable {
  /** Gives the task there already is for the idempotency key. Throws for what cannot be done. */
  create(spec: TaskSpec): Promise<Task>;
  /** Throws `not_found`. */
  find(id: string): Promise<Task>;
  /** Asks the agents to stop. Gives the task as it is then. Throws `not_found`. */
  cancel(id: string): Promise<Task>;
  /** What an agent says of its part; `false` where it should stop. Throws `not_found`. */
  report(id: string, outcome: Outcome): Promise<boolean>;
  /** Tells a node that has connected (again) of what is still to be done there. */
  resume(node: string): void;
  /** The task now and after every change, until it has ended or `signal` aborts. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Task>;
}

export interface BoardPorts {
  readonly control: ControlStore;
  readonly store: ProfileStore;
  readonly hub: AgentHub;
  readonly inventories: Inventories;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Name of the machine the server runs on. */
  readonly ownNode: string;
  readonly cluster: Cluster | undefined;
}

interface Board extends BoardPorts {
  readonly table: TaskTable;
  /** When open tasks were asked to stop. */
  readonly cancelAskedMs: Map<string, number>;
}

const TICK_MS = 500;

/** A board that goes on with the tasks that were open when the last server ended. */
export async function createTaskBoard(ports: BoardPorts): Promise<TaskBoard> {
  const { clock, telemetry } = ports;
  const table = await openTaskTable(ports.control, ports.limits);
  const board: Board = { ...ports, table, cancelAskedMs: new Map() };
  const log = (task: Task) => (err: unknown) =>
    telemetry.log.error({ err, task: task.id }, 'task not saved');
  for (const task of table.open.values()) restore(board, task).catch(log(task));
  const ticking = clock.every(TICK_MS, () => {
    for (const task of table.open.values()) age(board, task).catch(log(task));
  });
  return {
    create: (spec) => createTask(board, spec),
    find: table.find,
    cancel: (id) => cancel(board, id),
    report: (id, outcome) => report(board, id, outcome),
    resume: (node) => resume(board, node),
    watch: table.watch,
    [Symbol.dispose]() {
      ticking[Symbol.dispose]();
    },
  };
}

async function createTask(board: Board, spec: TaskSpec): Promise<Task> {
  const { table, hub, limits, clock } = board;
  const targets = checkedTargets(spec, limits);
  const known = [...table.open.values()].find(
    (task) => spec.idempotencyKey !== '' && task.spec?.idempotencyKey === spec.idempotencyKey,
  );
  if (known) return known;
  if (table.open.size >= limits.value('tasks_open')) {
    limits.hit('tasks_open');
    throw new EagleError(
      'resource_exhausted',
      `${table.open.size} tasks are open: wait for one to end, or cancel one`,
    );
  }
  const places = resolveTargets(targets, spec.scope, board);
  const nodes = requireAgents(nodesOf(places), hub);
  const queued = queuedTask(spec, { targets, places, nodes }, clock.nowMs());
  const task = await board.control.addTask(queued);
  if (task !== queued) return table.open.get(task.id) ?? task;
  const running = life.begun(task, clock.nowMs());
  await table.put(running);
  for (const { node, state } of running.outcomes) {
    if (!isEnded(state)) hub.send(node, assignment(running, node, clock.nowMs()));
  }
  return running;
}

/** Goes on with a task after a restart. What was to be sent, agents get when they connect. */
async function restore(board: Board, task: Task): Promise<void> {
  if (task.state === 'queued') await board.table.put(life.begun(task, board.clock.nowMs()));
  if (task.state === 'merging') await end(board, task);
}

async function cancel(board: Board, id: string): Promise<Task> {
  const { table, hub, clock, cancelAskedMs } = board;
  const task = table.open.get(id);
  if (!task || task.state === 'merging') return await table.find(id);
  cancelAskedMs.set(id, cancelAskedMs.get(id) ?? clock.nowMs());
  for (const { node, state } of task.outcomes) {
    if (!isEnded(state)) hub.send(node, cancelMessage(id));
  }
  await change(board, task, life.cancelAsked(task));
  return await table.find(id);
}

async function report(board: Board, id: string, outcome: Outcome): Promise<boolean> {
  const sound = checkedOutcome(outcome);
  const task = board.table.open.get(id);
  if (!task) {
    await board.table.find(id);
    return false;
  }
  const part = task.outcomes.find(({ node }) => node === sound.node);
  if (!part || isEnded(part.state)) return false;
  await change(board, task, life.reported(task, sound));
  return part.reason !== 'cancelled';
}

function resume({ table, hub, clock }: Board, node: string): void {
  for (const task of table.open.values()) {
    const part = task.outcomes.find((outcome) => outcome.node === node);
    if (!part || isEnded(part.state)) continue;
    const cancelled = part.reason === 'cancelled';
    hub.send(node, cancelled ? cancelMessage(task.id) : assignment(task, node, clock.nowMs()));
  }
}

async function age(board: Board, task: Task): Promise<void> {
  const { clock, hub, limits, cancelAskedMs } = board;
  if (task.state === 'merging') return;
  const nowMs = clock.nowMs();
  // A server that has just started does not know when: from now on, then.
  if (life.isCancelAsked(task) && !cancelAskedMs.has(task.id)) cancelAskedMs.set(task.id, nowMs);
  const after = life.aged(task, {
    nowMs,
    cancelAskedMs: cancelAskedMs.get(task.id),
    goneSinceMs: hub.goneSinceMs,
    limits,
  });
  await change(board, task, after);
}

async function change(board: Board, before: Task, after: Task): Promise<void> {
  if (after === before) return;
  if (!life.isSettled(after)) {
    await board.table.put(after);
    return;
  }
  const merging = life.merging(after);
  await board.table.put(merging);
  await end(board, merging);
}

async function end(board: Board, merging: Task): Promise<void> {
  const result = {
    isStored: await isStored(board, merging),
    lostPods: lostPods(merging, board.cluster),
  };
  const ended = life.ended(merging, result, board.clock.nowMs());
  board.cancelAskedMs.delete(ended.id);
  board.telemetry.metrics.tasks.inc({ state: ended.state });
  await board.table.put(ended);
}

async function isStored({ store, limits, clock, telemetry }: Board, task: Task): Promise<boolean> {
  const slackMs = limits.value('row_ahead');
  const query = {
    matchers: [matcher('task_id', '=', task.id)],
    fromMs: task.createdMs - slackMs,
    toMs: clock.nowMs() + slackMs,
  };
  try {
    const signal = AbortSignal.timeout(limits.value('store_timeout'));
    return (await store.series(query, signal)).length > 0;
  } catch (err) {
    // The agent had its samples acknowledged, so to believe it is the smaller error.
    telemetry.log.warn({ err, task: task.id }, 'result of a task not looked for');
    return true;
  }
}

interface Resolved {
  readonly targets: readonly Target[];
  readonly places: readonly PlacedTarget[];
  /** Their nodes, and whether one has an agent. */
  readonly nodes: readonly { readonly node: string; readonly hasAgent: boolean }[];
}

function queuedTask(spec: TaskSpec, { targets, places, nodes }: Resolved, nowMs: number): Task {
  const id = randomBytes(8).toString('hex');
  const words = places.map(formatTarget);
  const isOfPods = targets.some(({ kind }) => kind === 'pods');
  return create(TaskSchema, {
    id,
    spec: { ...spec, targets: isOfPods ? spec.targets : words },
    state: 'queued',
    createdMs: nowMs,
    outcomes: nodes.map(({ node, hasAgent }) =>
      hasAgent
        ? { node, state: 'queued' }
        : { node, state: 'failed', reason: 'no_agent', message: REASONS.no_agent },
    ),
    selector: `{task_id="${id}"}`,
    places: words,
  });
}

/** A node's part of a task, as much of it as is left. */
function assignment(
  { id, spec, startedMs, places }: Task,
  node: string,
  nowMs: number,
): WorkResponse {
  const targets = places.map(parseTarget) as readonly PlacedTarget[];
  const leftMs = (spec?.durationMs ?? 0) - (nowMs - startedMs);
  const value = create(AssignmentSchema, {
    taskId: id,
    ...partOn(node, targets),
    durationMs: Math.max(1, leftMs),
    rateHz: spec?.rateHz ?? 0,
    event: spec?.event ?? '',
    profiler: spec?.profiler ?? '',
    nativeFrames: spec?.nativeFrames ?? false,
    mainOnly: spec?.mainOnly ?? false,
  });
  return create(WorkResponseSchema, { kind: { case: 'start', value } });
}

function cancelMessage(taskId: string): WorkResponse {
  return create(WorkResponseSchema, { kind: { case: 'cancel', value: taskId } });
}
