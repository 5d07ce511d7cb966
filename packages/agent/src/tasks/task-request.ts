import { EVENT_NAMES, isEventName } from '@kube-eagle/api';
import type { Limits } from '../limits.ts';
import type { Ask, Refusal } from '../profilers/profiler.ts';

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
  /** What to take; `cpu` if empty. */
  readonly event: string;
  /** Name of a profiler or `auto`; empty for the usual one. */
  readonly profiler: string;
  readonly nativeFrames: boolean;
}

/** What a task wants of profilers. Its event must be one. */
export function askOf({ event, rateHz, durationMs, nativeFrames }: TaskRequest): Ask {
  return {
    event: isEventName(event) ? event : 'cpu',
    rateHz: Math.round(rateHz),
    durationMs,
    nativeFrames,
  };
}

/** Why a request is out of bounds, or `undefined`. `running` tasks are under way. */
export function refusalOf(
  { rateHz, durationMs, event }: TaskRequest,
  running: number,
  limits: Limits,
): Refusal | undefined {
  if (event !== '' && !isEventName(event)) {
    const names = EVENT_NAMES.join(', ');
    return {
      reason: 'profiler_unfit',
      message: `expected an event of ${names}, got ${JSON.stringify(event)}`,
    };
  }
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
