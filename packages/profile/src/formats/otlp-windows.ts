import type { Profile } from '../model/profile.ts';

/** Samples and quality of a profile by series and time. */
export interface Windows {
  /** Windows of a series. */
  ofSeries(series: number): readonly number[];
  timeMs(window: number): number;
  /** Rows of `samples`. */
  samples(window: number): Int32Array;
  /** Rows of `quality`; `undefined` where nothing is known. */
  quality(window: number): readonly number[] | undefined;
}

/** Sorts the rows of a profile into windows. O(rows). */
export function createWindows({ samples, quality, series }: Profile): Windows {
  const times: number[] = [];
  const bySeries = Array.from({ length: series.length }, () => new Map<number, number>());
  const windowOf = (row: number, timeMs: number): number => {
    const windows = bySeries[row];
    const known = windows?.get(timeMs);
    if (known !== undefined) return known;
    windows?.set(timeMs, times.length);
    return times.push(timeMs) - 1;
  };
  const windowOfSample = new Int32Array(samples.length);
  const counts: number[] = [];
  for (let row = 0; row < samples.length; row++) {
    const window = windowOf(samples.series[row] ?? 0, samples.timeMs[row] ?? 0);
    windowOfSample[row] = window;
    counts[window] = (counts[window] ?? 0) + 1;
  }
  const qualityRows = new Map<number, number[]>();
  for (let row = 0; row < quality.length; row++) {
    const window = windowOf(quality.series[row] ?? 0, quality.timeMs[row] ?? 0);
    qualityRows.set(window, [...(qualityRows.get(window) ?? []), row]);
  }
  const first = new Int32Array(times.length + 1);
  for (let window = 0; window < times.length; window++) {
    first[window + 1] = (first[window] ?? 0) + (counts[window] ?? 0);
  }
  const next = first.slice();
  const order = new Int32Array(samples.length);
  for (let row = 0; row < samples.length; row++) {
    const window = windowOfSample[row] ?? 0;
    const to = next[window] ?? 0;
    order[to] = row;
    next[window] = to + 1;
  }
  return {
    ofSeries: (row) => [...(bySeries[row]?.values() ?? [])],
    timeMs: (window) => times[window] ?? 0,
    samples: (window) => order.subarray(first[window], first[window + 1]),
    quality: (window) => qualityRows.get(window),
  };
}
