import type { Reason } from '@kube-eagle/api';
import type { Limits } from '../limits.ts';

/** A node's part of a task, as the server asks for it. */
export interface TaskRequest {
  readonly taskId: string;
  /** The whole host if all lists are empty. */
  readonly pids: readonly number[];
  readonly threads: readonly number[];
  /** Ids, or as much of their begin as tells them from others. */
  readonly containers: readonly string[];
  /** Services of systemd. */
  readonly units: readonly string[];
  /** Containers of Docker by their names. */
  readonly dockerNames: readonly string[];
  /** Processes by the names of their programs. */
  readonly processNames: readonly string[];
  /** Of containers, the main process only. */
  readonly mainOnly: boolean;
  readonly durationMs: number;
  readonly rateHz: number;
}

/** Why a task cannot be done. */
export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
}

/** Why a request is out of bounds, or `undefined`. `running` tasks are under way. */
export function refusalOf(
  { rateHz, durationMs }: TaskRequest,
  running: number,
  limits: Limits,
): Refusal | undefined {
  if (!(rateHz >= 1)) {
    return {
      reason: 'not_permitted',
      message: `expected a rate of at least 1 Hz, got ${rateHz}: ask for more`,
    };
  }
  if (rateHz > limits.taskRateHz) {
    return {
      reason: 'rate_too_high',
      message: `expected at most ${limits.taskRateHz} Hz, got ${rateHz}: ask for less`,
    };
  }
  if (!(durationMs > 0 && durationMs <= limits.taskDurationMs)) {
    return {
      reason: 'not_permitted',
      message: `expected a duration of at most ${limits.taskDurationMs} ms, got ${durationMs}: ask for less`,
    };
  }
  if (running < limits.tasksAtOnce) return undefined;
  return {
    reason: 'not_permitted',
    message: `expected fewer than ${limits.tasksAtOnce} tasks on this node, got one more: wait until one ends`,
  };
}
