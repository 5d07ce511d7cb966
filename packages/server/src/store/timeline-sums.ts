import { EagleError, type Labels, labelsKey, labelsOf, labelValue } from '@kube-eagle/profile';
import type { TimelineGroup, TimelineQuery } from './profile-store.ts';

const MAX_BUCKETS = 20_000;

/** Sums values by group and bucket. */
export interface TimelineSums {
  add(labels: Labels, bucket: number, value: number): void;
  /** Sorted by labels. */
  finish(): readonly TimelineGroup[];
}

/**
 * No sums yet. Throws `invalid_argument` for a range or step that does not give 1 to 20,000 buckets.
 */
export function createTimelineSums({
  fromMs,
  toMs,
  stepMs,
  groupBy,
}: Pick<TimelineQuery, 'fromMs' | 'toMs' | 'stepMs' | 'groupBy'>): TimelineSums {
  const buckets = Math.ceil((toMs - fromMs) / stepMs);
  if (!(stepMs > 0 && buckets > 0 && buckets <= MAX_BUCKETS)) {
    throw new EagleError(
      'invalid_argument',
      `expected a range of 1 to ${MAX_BUCKETS} steps, got ${fromMs} to ${toMs} by ${stepMs} ms`,
    );
  }
  const groups = new Map<string, TimelineGroup>();
  return {
    add(labels, bucket, value) {
      const kept = labelsOf(groupBy.map((name) => [name, labelValue(labels, name)]));
      const key = labelsKey(kept);
      const group = groups.get(key) ?? { labels: kept, values: new Float64Array(buckets) };
      groups.set(key, group);
      group.values[bucket] = (group.values[bucket] ?? 0) + value;
    },
    finish: () => [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
  };
}
