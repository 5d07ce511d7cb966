import type { Selection } from '@kube-eagle/api';
import {
  EagleError,
  type Matcher,
  matcher,
  type ProfileType,
  parseProfileTypeId,
  parseSelector,
} from '@kube-eagle/profile';
import type { StoreQuery } from '../store/profile-store.ts';
import { linearMatcher } from './linear-matcher.ts';

/** A selection as the store takes it, its type known. */
export interface TypedQuery extends StoreQuery {
  readonly type: ProfileType;
}

/** What is asked for in words. */
export interface Range {
  readonly selector: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Instants that a date can hold (ECMA-262, 21.4.1.1). */
const LAST_INSTANT_MS = 8.64e15;

/**
 * A question over all types. Series of tasks are left out unless the selector names task_id: a
 * process sampled at two rates at once must not be counted twice. Throws `invalid_argument`.
 */
export function rangeQuery({ selector, fromMs, toMs }: Range): StoreQuery {
  for (const [name, value] of [
    ['from_ms', fromMs],
    ['to_ms', toMs],
  ] as const) {
    if (Number.isFinite(value) && value >= 0 && value <= LAST_INSTANT_MS) continue;
    throw new EagleError(
      'invalid_argument',
      `expected ms since the epoch as ${name}, got ${value}`,
    );
  }
  if (fromMs >= toMs) {
    throw new EagleError(
      'invalid_argument',
      `expected from_ms before to_ms, got ${fromMs} and ${toMs}`,
    );
  }
  return { matchers: matchersOf(selector), fromMs, toMs };
}

/** The question of a selection. Throws `invalid_argument` for what is missing or wrong in it. */
export function selectionQuery(selection: Selection | undefined): TypedQuery {
  if (!selection) {
    throw new EagleError(
      'invalid_argument',
      'expected a selection with profile_type, selector, from_ms and to_ms, got none',
    );
  }
  return { ...rangeQuery(selection), type: typeOf(selection.profileType) };
}

function typeOf(id: string): ProfileType {
  const type = parseProfileTypeId(id);
  if (type) return type;
  throw new EagleError(
    'invalid_argument',
    `expected a profile type such as process_cpu:cpu:nanoseconds:cpu:nanoseconds, got ${JSON.stringify(id)}`,
  );
}

function matchersOf(selector: string): readonly Matcher[] {
  const matchers = parseSelector(selector).map(linearMatcher);
  return matchers.some(({ name }) => name === 'task_id')
    ? matchers
    : [...matchers, matcher('task_id', '=', '')];
}
