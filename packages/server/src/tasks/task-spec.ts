import { EVENT_NAMES, isEventName, type TaskSpec } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import { parseTarget, type Target } from './target.ts';

/** The targets of a task that is within the limits. Throws `invalid_argument` for any other. */
export function checkedTargets(spec: TaskSpec, limits: Limits): readonly Target[] {
  const { targets, durationMs, rateHz, idempotencyKey, event, profiler } = spec;
  const maxTargets = limits.value('task_targets');
  if (targets.length === 0 || targets.length > maxTargets) {
    refuse(`1 to ${maxTargets} targets`, targets.length);
  }
  const maxMs = limits.value('task_duration');
  if (!(durationMs >= 1 && durationMs <= maxMs)) {
    refuse(`a duration_ms of 1 to ${maxMs}`, durationMs);
  }
  const maxHz = limits.value('task_rate');
  if (!(rateHz >= 1 && rateHz <= maxHz)) refuse(`a rate_hz of 1 to ${maxHz}`, rateHz);
  if (!/^[\x21-\x7e]{0,128}$/.test(idempotencyKey)) {
    refuse('an idempotency_key of at most 128 printable characters', idempotencyKey.length);
  }
  if (event !== '' && !isEventName(event)) {
    refuse(`an event of ${EVENT_NAMES.join(', ')}`, JSON.stringify(event.slice(0, 64)));
  }
  if (!/^[a-z0-9-]{0,32}$/.test(profiler)) {
    refuse('the name of a profiler, or auto', JSON.stringify(profiler.slice(0, 64)));
  }
  return targets.map(parseTarget);
}

function refuse(expected: string, came: number | string): never {
  throw new EagleError('invalid_argument', `expected ${expected}, got ${came}`);
}
