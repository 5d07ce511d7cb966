import { EVENT_NAMES, isEventName, type Scope, type TaskSpec } from '@kube-eagle/api';
import { EagleError, parseSelector } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import { parseTarget, type Target } from './target.ts';

/** The targets of a task that is within the limits. Throws `invalid_argument` for any other. */
export function checkedTargets(spec: TaskSpec, limits: Limits): readonly Target[] {
  const { targets, durationMs, rateHz, idempotencyKey, event, profiler } = spec;
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
  return parsedTargets(targets, spec.scope, limits);
}

/** The targets of some words, or of the scope's selector alone. Throws `invalid_argument`. */
export function parsedTargets(
  words: readonly string[],
  scope: Scope | undefined,
  limits: Limits,
): readonly Target[] {
  const selector = scope?.selector ?? '';
  parseSelector(selector);
  if (words.length === 0 && selector !== '') return [{ kind: 'pods', of: undefined }];
  const most = limits.value('task_targets');
  if (words.length === 0 || words.length > most) refuse(`1 to ${most} targets`, words.length);
  return words.map(parseTarget);
}

function refuse(expected: string, came: number | string): never {
  throw new EagleError('invalid_argument', `expected ${expected}, got ${came}`);
}
