import { create } from '@bufbuild/protobuf';
import {
  isEnded,
  type Outcome,
  OutcomeSchema,
  REASONS,
  type Reason,
  type Task,
  TaskSchema,
  type TaskState,
} from '@kube-eagle/api';
import type { Limits } from '../limits.ts';

/**
 * How a task changes. Each function gives the task as it is afterwards and leaves the one it was
 * given alone; where nothing changes, it gives that very one.
 *
 *     queued → running → merging → done | partial | failed | cancelled | expired
 */
export function begun(task: Task, nowMs: number): Task {
  return changed(task, {
    state: 'running',
    startedMs: nowMs,
    outcomes: task.outcomes.map((outcome) =>
      isEnded(outcome.state) ? outcome : withState(outcome, 'running'),
    ),
  });
}

/** What an agent says of its part. Only what has not ended can change. */
export function reported(task: Task, report: Outcome): Task {
  return withOutcomes(task, (outcome) => {
    if (outcome.node !== report.node || isEnded(outcome.state)) return outcome;
    // Somebody may have cancelled while the agent was about to say that all is well.
    const reason = report.reason || (isEnded(report.state) ? '' : outcome.reason);
    return create(OutcomeSchema, { ...report, reason });
  });
}

/** Asks the parts that run to stop; they end when their agents say so. */
export function cancelAsked(task: Task): Task {
  return withOutcomes(task, (outcome) =>
    isEnded(outcome.state) || outcome.reason === 'cancelled'
      ? outcome
      : create(OutcomeSchema, { ...outcome, reason: 'cancelled' }),
  );
}

/** Whether somebody asked a task to stop before its end. */
export function isCancelAsked(task: Task): boolean {
  return task.outcomes.some(({ reason }) => reason === 'cancelled');
}

/** What the passing of time depends on. */
export interface Age {
  readonly nowMs: number;
  /** When a cancelled task was asked to stop; `undefined` if it was not. */
  readonly cancelAskedMs: number | undefined;
  /** Since when no agent of a node is connected; `undefined` while one is. */
  readonly goneSinceMs: (node: string) => number | undefined;
  readonly limits: Limits;
}

/** Ends parts whose time is up: cancelled and silent, left by their agent, past the deadline. */
export function aged(task: Task, age: Age): Task {
  return withOutcomes(task, (outcome) => {
    if (isEnded(outcome.state)) return outcome;
    const end = endByAge(task, outcome, age);
    if (!end) return outcome;
    const [state, reason] = end;
    return create(OutcomeSchema, { ...outcome, state, reason, message: REASONS[reason] });
  });
}

function endByAge(
  task: Task,
  { node }: Outcome,
  { nowMs, cancelAskedMs, goneSinceMs, limits }: Age,
): readonly [TaskState, Reason] | undefined {
  const since = (ms: number | undefined): number => nowMs - (ms ?? nowMs);
  if (since(cancelAskedMs) >= limits.value('cancel_grace')) return ['cancelled', 'cancelled'];
  if (since(goneSinceMs(node)) >= limits.value('agent_lease')) return ['failed', 'agent_gone'];
  return nowMs >= deadlineMs(task, limits) ? ['expired', 'deadline'] : undefined;
}

/** When a task ends whatever happens. */
export function deadlineMs(task: Task, limits: Limits): number {
  const begunMs = task.startedMs || task.createdMs;
  return begunMs + (task.spec?.durationMs ?? 0) + limits.value('task_grace');
}

/** Whether every node's part has ended. */
export function isSettled(task: Task): boolean {
  return task.outcomes.every(({ state }) => isEnded(state));
}

/** The task while its result is looked for in the store. */
export function merging(task: Task): Task {
  return changed(task, { state: 'merging' });
}

/** What the server knows of a task whose parts have ended. */
export interface Result {
  /** Whether anything of it is in the store. */
  readonly isStored: boolean;
  /** Of each node, the pods that ended during the task. */
  readonly lostPods: ReadonlyMap<string, readonly string[]>;
}

/**
 * The end. A part that says it sent samples, of which the store has none, has failed after all; one
 * that lost pods is partial.
 */
export function ended(task: Task, { isStored, lostPods }: Result, nowMs: number): Task {
  const checked = withOutcomes(task, (outcome) => {
    if (outcome.state !== 'done') return outcome;
    const lost = lostPods.get(outcome.node);
    if (lost) return withLostPods(outcome, lost);
    if (outcome.samples === 0) return withReason(outcome, 'done', 'no_samples');
    return isStored ? outcome : withReason(outcome, 'failed', 'deadline');
  });
  return changed(checked, { state: endState(checked.outcomes), endedMs: nowMs });
}

function endState(outcomes: readonly Outcome[]): TaskState {
  const states = new Set(outcomes.map(({ state }) => state as TaskState));
  const [only] = states;
  if (states.size === 1 && only) return only;
  if (states.has('done') || states.has('partial')) return 'partial';
  return states.has('cancelled') ? 'cancelled' : 'failed';
}

const MAX_PODS_SHOWN = 10;

function withLostPods(outcome: Outcome, pods: readonly string[]): Outcome {
  const shown = pods.slice(0, MAX_PODS_SHOWN).join(', ');
  const more = pods.length > MAX_PODS_SHOWN ? ` and ${pods.length - MAX_PODS_SHOWN} more` : '';
  const message = `${shown}${more}. ${REASONS.pod_ended}`;
  return create(OutcomeSchema, { ...outcome, state: 'partial', reason: 'pod_ended', message });
}

function withReason(outcome: Outcome, state: TaskState, reason: Reason): Outcome {
  const message = outcome.message || REASONS[reason];
  return create(OutcomeSchema, { ...outcome, state, reason: outcome.reason || reason, message });
}

function withState(outcome: Outcome, state: TaskState): Outcome {
  return create(OutcomeSchema, { ...outcome, state });
}

function withOutcomes(task: Task, change: (outcome: Outcome) => Outcome): Task {
  const outcomes = task.outcomes.map(change);
  return outcomes.every((outcome, row) => outcome === task.outcomes[row])
    ? task
    : changed(task, { outcomes });
}

function changed(
  task: Task,
  change: Partial<Pick<Task, 'state' | 'startedMs' | 'endedMs' | 'outcomes'>>,
): Task {
  return create(TaskSchema, { ...task, ...change });
}
