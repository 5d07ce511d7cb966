import { type Matcher, matches } from '../labels/selector.ts';
import type { Profile, Samples, Series } from '../model/profile.ts';
import { type ProfileType, profileTypeId } from '../model/profile-type.ts';
import { type Quality, qualityCounts } from '../model/quality.ts';

/** Which samples are wanted: all conditions hold. */
export interface Selection {
  /** Absent: every type. */
  readonly type?: ProfileType;
  /** Conditions on the labels of a series; none selects all. */
  readonly matchers: readonly Matcher[];
  /** First instant, ms since the epoch, included. */
  readonly fromMs?: number;
  /** Last instant, excluded. */
  readonly toMs?: number;
}

/**
 * The samples and the quality of the series and windows that are wanted; a window counts where it
 * begins. Series that are not wanted are gone, the dictionaries stay as they are. O(samples).
 */
export function selectSamples(profile: Profile, selection: Selection): Profile {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = selection;
  const { rowOf, series } = selectSeries(profile.series, selection);
  const wanted = (timeMs: number, row: number): boolean =>
    timeMs >= fromMs && timeMs < toMs && (rowOf[row] ?? -1) >= 0;
  return {
    ...profile,
    series,
    samples: pickSamples(profile.samples, rowsWhere(profile.samples, wanted), rowOf),
    quality: pickQuality(profile.quality, rowsWhere(profile.quality, wanted), rowOf),
    ...clip(profile, fromMs, toMs),
  };
}

function selectSeries(series: Series, { type, matchers }: Selection) {
  const id = type && profileTypeId(type);
  const rowOf = new Int32Array(series.length).fill(-1);
  const kept: number[] = [];
  for (const [row, labels] of series.labels.entries()) {
    const own = series.type[row];
    if (!own || (id !== undefined && profileTypeId(own) !== id) || !matches(labels, matchers)) {
      continue;
    }
    rowOf[row] = kept.length;
    kept.push(row);
  }
  return {
    rowOf,
    series: {
      length: kept.length,
      labels: kept.map((row) => series.labels[row] ?? []),
      type: series.type.filter((_, row) => (rowOf[row] ?? -1) >= 0),
      period: Float64Array.from(kept, (row) => series.period[row] ?? 0),
    },
  };
}

function rowsWhere(
  table: Pick<Samples, 'length' | 'timeMs' | 'series'>,
  wanted: (timeMs: number, series: number) => boolean,
): Int32Array {
  const rows = new Int32Array(table.length);
  let kept = 0;
  for (let row = 0; row < table.length; row++) {
    if (wanted(table.timeMs[row] ?? 0, table.series[row] ?? 0)) rows[kept++] = row;
  }
  return rows.subarray(0, kept);
}

function pick(column: Float64Array, rows: Int32Array): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) picked[at] = column[rows[at] ?? 0] ?? 0;
  return picked;
}

function pickSamples(samples: Samples, rows: Int32Array, seriesRow: Int32Array): Samples {
  return {
    length: rows.length,
    timeMs: pick(samples.timeMs, rows),
    series: rows.map((row) => seriesRow[samples.series[row] ?? 0] ?? 0),
    stack: rows.map((row) => samples.stack[row] ?? 0),
    value: pick(samples.value, rows),
  };
}

function pickQuality(quality: Quality, rows: Int32Array, seriesRow: Int32Array): Quality {
  return {
    length: rows.length,
    timeMs: pick(quality.timeMs, rows),
    series: rows.map((row) => seriesRow[quality.series[row] ?? 0] ?? 0),
    ...qualityCounts((name) => pick(quality[name], rows)),
  };
}

/** The part of the profile's range that was asked for; unknown stays unknown. */
function clip({ startMs, durationNs }: Profile, fromMs: number, toMs: number) {
  if (startMs === 0) return { startMs, durationNs };
  const from = Math.max(startMs, fromMs);
  const to = Math.min(startMs + durationNs / 1e6, toMs);
  return { startMs: from, durationNs: Math.max(0, to - from) * 1e6 };
}
