import type { DuckDBConnection } from '@duckdb/node-api';
import {
  CPU,
  EagleError,
  NONE,
  type Profile,
  QUALITY_COUNTS,
  type Samples,
} from '@kube-eagle/profile';
import { type Dictionary, internStacks } from '../dictionary.ts';
import { type WindowSums, windowSums } from '../window-sums.ts';
import { appendRows } from './columns.ts';

/** Rows of a batch as the tables have them. */
export interface BatchRows {
  readonly samples: Samples;
  readonly windows: WindowSums;
}

/**
 * Numbers what a profile refers to. Throws `resource_exhausted` where the dictionary has no room for
 * its series.
 */
export function internBatch(dictionary: Dictionary, profile: Profile): BatchRows {
  const { samples } = profile;
  const scales = scalesOf(profile);
  const seriesOf = internSeries(dictionary, profile, scales);
  const stackOf = internStacks(dictionary, profile);
  const windows = windowSums(profile);
  const renumber = (column: Int32Array): Int32Array => column.map((row) => seriesOf[row] ?? NONE);
  return {
    samples: {
      length: samples.length,
      timeMs: samples.timeMs.map(Math.floor),
      series: renumber(samples.series),
      stack: samples.stack.map((row) => (row < 0 ? NONE : (stackOf[row] ?? NONE))),
      value: samples.value.map((value, row) => value / (scales[samples.series[row] ?? 0] ?? 1)),
    },
    windows: { ...windows, series: renumber(windows.series) },
  };
}

/** Appends the rows of batches, in the transaction that is open. */
export async function appendBatches(
  connection: DuckDBConnection,
  batches: readonly BatchRows[],
): Promise<void> {
  const samples = batches.map(({ samples: { length, timeMs, series, stack, value } }) => ({
    length,
    columns: [timeMs, series, stack, value],
  }));
  const windows = batches.map(({ windows: { length, ...of } }) => ({
    length,
    columns: [of.timeMs, of.series, of.rows, of.total, ...QUALITY_COUNTS.map((name) => of[name])],
  }));
  await appendRows(connection, 'samples', samples);
  await appendRows(connection, 'windows', windows);
}

/** The period of a series all of whose values are whole multiples of it, else 1. */
function scalesOf({ series, samples }: Profile): Float64Array {
  const scales = series.period.map((period) => (period > 0 ? period : 1));
  for (let row = 0; row < samples.length; row++) {
    const of = samples.series[row] ?? 0;
    const value = samples.value[row] ?? 0;
    const scale = scales[of] ?? 1;
    const count = value / scale;
    if (!Number.isInteger(count) || count * scale !== value) scales[of] = 1;
  }
  return scales;
}

function internSeries(
  dictionary: Dictionary,
  { series }: Profile,
  scales: Float64Array,
): Int32Array {
  return Int32Array.from(series.labels, (labels, row) => {
    const type = series.type[row] ?? CPU;
    const period = series.period[row] ?? 0;
    const id = dictionary.series.intern({ type, labels, period, scale: scales[row] ?? 1 });
    if (id >= 0) return id;
    throw new EagleError(
      'resource_exhausted',
      `expected at most ${dictionary.series.maxRows} series, got one more; ` +
        'send fewer labels, or keep less history',
    );
  });
}
