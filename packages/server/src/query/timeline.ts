import { create } from '@bufbuild/protobuf';
import type { TimelineRequest, TimelineResponse } from '@kube-eagle/api';
import { TimelineResponseSchema } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import type { ProfileStore, TimelineGroup } from '../store/profile-store.ts';
import { selectionQuery } from './selection.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Widths of buckets that people read easily; none narrower than an agent's window. */
const STEPS_MS: readonly number[] = [
  ...[10, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY_MS),
];

/** Buckets that a chart can show. */
const CHART_BUCKETS = 300;
const DEFAULT_GROUPS = 20;

/** The narrowest of {@link STEPS_MS} that gives at most 300 buckets. */
export function chosenStepMs(rangeMs: number): number {
  const step = STEPS_MS.find((stepMs) => rangeMs / stepMs <= CHART_BUCKETS);
  return step ?? Math.ceil(rangeMs / CHART_BUCKETS / DAY_MS) * DAY_MS;
}

/**
 * Sums over time by group, the largest groups first. Buckets begin at multiples of the step, so
 * that asking again a moment later gives the same ones. Throws `invalid_argument`.
 */
export async function timeline(
  request: TimelineRequest,
  store: ProfileStore,
  limits: Limits,
  signal: AbortSignal,
): Promise<TimelineResponse> {
  const query = selectionQuery(request.selection);
  const stepMs = stepOf(request.stepMs, query.toMs - query.fromMs, limits);
  const startMs = Math.floor(query.fromMs / stepMs) * stepMs;
  const toMs = Math.ceil(query.toMs / stepMs) * stepMs;
  const groups = await store.timeline(
    { ...query, fromMs: startMs, toMs, stepMs, groupBy: groupBy(request.groupBy) },
    signal,
  );
  const limit = Math.min(request.limit || DEFAULT_GROUPS, limits.value('timeline_groups'));
  const largest = bySum(groups).slice(0, limit);
  return create(TimelineResponseSchema, {
    stepMs,
    startMs,
    series: largest.map(({ labels, values }) => ({
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      values: Array.from(values),
    })),
    leftOut: groups.length - largest.length,
  });
}

function stepOf(askedMs: number, rangeMs: number, limits: Limits): number {
  if (askedMs === 0) return chosenStepMs(rangeMs);
  const most = limits.value('timeline_buckets');
  if (askedMs >= SECOND_MS && rangeMs / askedMs <= most) return askedMs;
  limits.hit('timeline_buckets');
  const least = Math.max(SECOND_MS, Math.ceil(rangeMs / most));
  throw new EagleError(
    'invalid_argument',
    `expected a step_ms of at least ${least} for this range, or 0 to let the server choose, got ${askedMs}`,
  );
}

function groupBy(names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
  if (wrong === undefined && names.length <= 8) return names;
  throw new EagleError(
    'invalid_argument',
    `expected at most 8 label names to group by, got ${names.length === 0 ? '' : JSON.stringify(wrong ?? names.length)}`,
  );
}

function bySum(groups: readonly TimelineGroup[]): TimelineGroup[] {
  return groups
    .map((group) => ({ group, sum: group.values.reduce((sum, value) => sum + value, 0) }))
    .sort((a, b) => b.sum - a.sum)
    .map(({ group }) => group);
}
