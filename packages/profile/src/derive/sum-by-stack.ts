import { labelsOf } from '../labels/labels.ts';
import { float64Column, int32Column } from '../model/columns.ts';
import { createPairTable } from '../model/pair-table.ts';
import type { Profile, Samples } from '../model/profile.ts';
import { type ProfileType, profileTypeId } from '../model/profile-type.ts';
import { type Quality, qualityCounts } from '../model/quality.ts';

/**
 * The profile with series and time folded away: one series a type, without labels, at `startMs`,
 * and one sample a stack and type. The dictionaries stay as they are. O(samples).
 */
export function sumByStack(profile: Profile): Profile {
  const { series, startMs } = profile;
  const types = new Map<string, { readonly row: number; readonly type: ProfileType }>();
  const period: number[] = [];
  const rowOf = series.type.map((type, from) => {
    const id = profileTypeId(type);
    const known = types.get(id);
    if (known) return known.row;
    const row = types.size;
    types.set(id, { row, type });
    period.push(series.period[from] ?? 0);
    return row;
  });
  return {
    ...profile,
    series: {
      length: types.size,
      labels: period.map(() => labelsOf([])),
      type: [...types.values()].map(({ type }) => type),
      period: Float64Array.from(period),
    },
    samples: sumSamples(profile.samples, rowOf, startMs),
    quality: sumQuality(profile.quality, rowOf, { types: types.size, startMs }),
  };
}

function sumSamples(samples: Samples, rowOf: readonly number[], startMs: number): Samples {
  const rows = createPairTable();
  const series = int32Column();
  const stack = int32Column();
  const value = float64Column();
  for (let from = 0; from < samples.length; from++) {
    const seriesRow = rowOf[samples.series[from] ?? 0] ?? 0;
    const stackRow = samples.stack[from] ?? 0;
    const row = rows.intern(seriesRow, stackRow);
    if (row === value.length) {
      series.push(seriesRow);
      stack.push(stackRow);
      value.push(0);
    }
    value.add(row, samples.value[from] ?? 0);
  }
  return {
    length: value.length,
    timeMs: new Float64Array(value.length).fill(startMs),
    series: series.take(),
    stack: stack.take(),
    value: value.take(),
  };
}

function sumQuality(
  quality: Quality,
  rowOf: readonly number[],
  { types, startMs }: { readonly types: number; readonly startMs: number },
): Quality {
  const sum = (column: Float64Array): Float64Array => {
    const sums = new Float64Array(types);
    for (let from = 0; from < quality.length; from++) {
      const row = rowOf[quality.series[from] ?? 0] ?? 0;
      sums[row] = (sums[row] ?? 0) + (column[from] ?? 0);
    }
    return sums;
  };
  return {
    length: types,
    timeMs: new Float64Array(types).fill(startMs),
    series: Int32Array.from({ length: types }, (_, row) => row),
    ...qualityCounts((name) => sum(quality[name])),
  };
}
