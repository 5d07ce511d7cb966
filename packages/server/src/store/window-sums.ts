import { type Profile, type QualityCounts, qualityCounts } from '@kube-eagle/profile';

/** One row a window and series of a profile: what its samples and its quality add up to. */
export interface WindowSums extends QualityCounts<Float64Array> {
  readonly length: number;
  /** Begin of the window, in whole ms since the epoch. */
  readonly timeMs: Float64Array;
  /** Row in the profile's `series`. */
  readonly series: Int32Array;
  /** Rows of samples. */
  readonly rows: Float64Array;
  /** Sum of their values. */
  readonly total: Float64Array;
}

/** Sums a profile by window and series, in the order they are first met. O(rows). */
export function windowSums({ samples, quality, series }: Profile): WindowSums {
  const windows = numberWindows(series.length);
  const ofSample = windows.of(samples);
  const ofQuality = windows.of(quality);
  const { length } = windows.timeMs;
  const sum = (window: Int32Array, values?: Float64Array): Float64Array => {
    const sums = new Float64Array(length);
    for (let row = 0; row < window.length; row++) {
      const at = window[row] ?? 0;
      sums[at] = (sums[at] ?? 0) + (values ? (values[row] ?? 0) : 1);
    }
    return sums;
  };
  return {
    length,
    timeMs: Float64Array.from(windows.timeMs),
    series: Int32Array.from(windows.series),
    rows: sum(ofSample),
    total: sum(ofSample, samples.value),
    ...qualityCounts((name) => sum(ofQuality, quality[name])),
  };
}

interface Rows {
  readonly length: number;
  readonly timeMs: Float64Array;
  readonly series: Int32Array;
}

/** Numbers pairs of time and series. Rows of one window mostly lie together, so the last is kept. */
function numberWindows(seriesCount: number) {
  const timeMs: number[] = [];
  const series: number[] = [];
  const timeRow = new Map<number, number>();
  const windowRow = new Map<number, number>();
  function number(time: number, of: number): number {
    const knownTime = timeRow.get(time) ?? timeRow.size;
    if (knownTime === timeRow.size) timeRow.set(time, knownTime);
    const key = knownTime * seriesCount + of;
    const known = windowRow.get(key);
    if (known !== undefined) return known;
    windowRow.set(key, timeMs.length);
    series.push(of);
    return timeMs.push(time) - 1;
  }
  return {
    timeMs,
    series,
    of(rows: Rows): Int32Array {
      const windows = new Int32Array(rows.length);
      let lastTime = Number.NaN;
      let lastSeries = -1;
      let window = 0;
      for (let row = 0; row < rows.length; row++) {
        const time = Math.floor(rows.timeMs[row] ?? 0);
        const of = rows.series[row] ?? 0;
        if (time !== lastTime || of !== lastSeries) window = number(time, of);
        windows[row] = window;
        lastTime = time;
        lastSeries = of;
      }
      return windows;
    },
  };
}
