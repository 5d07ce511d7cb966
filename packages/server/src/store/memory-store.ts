import {
  labelsKey,
  mergeProfiles,
  type Profile,
  profileTypeId,
  selectSamples,
  sumByStack,
} from '@kube-eagle/profile';
import { throwIfCanceled } from './canceled.ts';
import { mergedRange } from './merged-profile.ts';
import type {
  Store,
  StoredSeries,
  StoreQuery,
  TimelineGroup,
  TimelineQuery,
} from './profile-store.ts';
import { requireSoundBatch } from './sound-batch.ts';
import { createTimelineSums } from './timeline-sums.ts';

export interface MemoryStoreOptions {
  /** Rows of samples to hold; beyond them the oldest batches are dropped. */
  readonly maxRows?: number;
}

/** A store that forgets all when it is disposed: the batches as they came. For tests and trials. */
export function createMemoryStore({ maxRows = 1e7 }: MemoryStoreOptions = {}): Store {
  const batches = new Map<string, Profile>();
  let rows = 0;
  let dropped = 0;
  const select = (query: StoreQuery): Profile[] =>
    Array.from(batches.values(), (profile) => withoutEmptySeries(selectSamples(profile, query)));

  function drop(batchId: string, { samples }: Profile): void {
    batches.delete(batchId);
    rows -= samples.length;
    dropped += samples.length;
  }

  return {
    async append(batchId, profile, signal) {
      throwIfCanceled(signal);
      requireSoundBatch(batchId, profile);
      if (batches.has(batchId)) return 'duplicate';
      batches.set(batchId, inWholeMs(profile));
      rows += profile.samples.length;
      for (const [oldestId, oldest] of batches) {
        if (rows <= maxRows || oldestId === batchId) break;
        drop(oldestId, oldest);
      }
      return 'stored';
    },
    async series(query, signal) {
      throwIfCanceled(signal);
      return seriesOf(mergeProfiles(select(query)));
    },
    async merge(query, signal) {
      throwIfCanceled(signal);
      return mergeOf(select(query), query);
    },
    async timeline(query, signal) {
      throwIfCanceled(signal);
      return timelineOf(mergeProfiles(select(query)), query);
    },
    async status(signal) {
      throwIfCanceled(signal);
      const whole = mergeProfiles([...batches.values()]);
      const times = [whole.samples.timeMs, whole.quality.timeMs].flatMap((column) => [...column]);
      return {
        engine: 'memory',
        rows,
        series: whole.series.length,
        stacks: whole.stacks.length,
        sizeBytes: 0,
        oldestMs: times.reduce((a, b) => Math.min(a, b), times[0] ?? 0),
        newestMs: times.reduce((a, b) => Math.max(a, b), times[0] ?? 0),
        limits: [{ name: 'store_memory_rows', value: maxRows, unit: 'rows', hits: dropped }],
      };
    },
    async expire(beforeMs, signal) {
      throwIfCanceled(signal);
      const before = rows;
      rows = 0;
      for (const [id, profile] of batches) {
        const kept = selectSamples(profile, { matchers: [], fromMs: beforeMs });
        batches.set(id, kept);
        rows += kept.samples.length;
      }
      return before - rows;
    },
    async [Symbol.asyncDispose]() {
      batches.clear();
    },
  };
}

function inWholeMs(profile: Profile): Profile {
  const { samples, quality } = profile;
  return {
    ...profile,
    samples: { ...samples, timeMs: samples.timeMs.map(Math.floor) },
    quality: { ...quality, timeMs: quality.timeMs.map(Math.floor) },
  };
}

function withoutEmptySeries(profile: Profile): Profile {
  const { series, samples, quality } = profile;
  const kept = [...new Set([...samples.series, ...quality.series])];
  const rowOf = new Map(kept.map((row, index) => [row, index]));
  const renumber = (column: Int32Array): Int32Array => column.map((row) => rowOf.get(row) ?? 0);
  return {
    ...profile,
    series: {
      length: kept.length,
      labels: kept.map((row) => series.labels[row] ?? []),
      type: kept.flatMap((row) => series.type[row] ?? []),
      period: Float64Array.from(kept, (row) => series.period[row] ?? 0),
    },
    samples: { ...samples, series: renumber(samples.series) },
    quality: { ...quality, series: renumber(quality.series) },
  };
}

function seriesOf({ series }: Profile): StoredSeries[] {
  const key = ({ type, labels }: StoredSeries): string =>
    `${profileTypeId(type)} ${labelsKey(labels)}`;
  return series.type
    .map((type, row) => ({ type, labels: series.labels[row] ?? [] }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function mergeOf(profiles: readonly Profile[], query: StoreQuery): Profile {
  const summed = sumByStack({ ...mergeProfiles(profiles), ...mergedRange(query) });
  const period = Float64Array.from(summed.series.type, (type) => {
    const id = profileTypeId(type);
    const periods = profiles.flatMap(({ series }) =>
      [...series.period].filter((_, row) => series.type.map(profileTypeId)[row] === id),
    );
    return periods.every((each) => each === periods[0]) ? (periods[0] ?? 0) : 0;
  });
  return { ...summed, series: { ...summed.series, period } };
}

function timelineOf(
  { series, samples, quality }: Profile,
  query: TimelineQuery,
): readonly TimelineGroup[] {
  const sums = createTimelineSums(query);
  const bucketOf = (timeMs = 0): number => Math.floor((timeMs - query.fromMs) / query.stepMs);
  const labelsOf = (row = 0) => series.labels[row] ?? [];
  for (const [row, value] of samples.value.entries()) {
    sums.add(labelsOf(samples.series[row]), bucketOf(samples.timeMs[row]), value);
  }
  for (const [row, timeMs] of quality.timeMs.entries()) {
    sums.add(labelsOf(quality.series[row]), bucketOf(timeMs), 0);
  }
  return sums.finish();
}
