import { createProfileBuilder, type ProfileBuilder } from '../model/builder.ts';
import { finishTable, growingQuality, growingSamples, pushRow } from '../model/growing-tables.ts';
import { createPairTable } from '../model/pair-table.ts';
import {
  FRAME_KINDS,
  type FrameId,
  type FunctionId,
  type MappingId,
  NONE,
  type Profile,
  type Samples,
  type StackId,
} from '../model/profile.ts';
import { QUALITY_COUNTS, type Quality, qualityCounts } from '../model/quality.ts';

/**
 * One profile of several: their dictionaries united, the values of equal (time, series, stack)
 * summed, and so the counts of quality. The range is the one that holds theirs. O(rows).
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const builder = createProfileBuilder();
  const samples = createSampleSum();
  const quality = createQualitySum();
  for (const profile of profiles) {
    const stackOf = addStacks(builder, profile);
    const seriesOf = profile.series.labels.map((labels, row) => {
      const type = profile.series.type[row];
      return type ? builder.series(labels, type, profile.series.period[row]) : NONE;
    });
    samples.add(profile.samples, seriesOf, stackOf);
    quality.add(profile.quality, seriesOf);
  }
  const { startMs, durationNs } = rangeOf(profiles);
  const united = builder.finish(startMs, durationNs);
  return { ...united, samples: samples.finish(), quality: quality.finish() };
}

function addStacks(builder: ProfileBuilder, profile: Profile): Int32Array {
  const { strings, functions, mappings, frames, stacks } = profile;
  const text = (row: number | undefined): string => strings[row ?? 0] ?? '';
  const functionOf = Array.from({ length: functions.length }, (_, row) =>
    builder.function(
      text(functions.name[row]),
      text(functions.file[row]),
      functions.startLine[row],
    ),
  );
  const mappingOf = Array.from({ length: mappings.length }, (_, row) =>
    builder.mapping(text(mappings.file[row]), text(mappings.buildId[row])),
  );
  const frameOf = Array.from({ length: frames.length }, (_, row) =>
    builder.frame({
      function: functionOf[frames.function[row] ?? NONE] ?? (NONE as FunctionId),
      mapping: mappingOf[frames.mapping[row] ?? NONE] ?? (NONE as MappingId),
      address: frames.address[row] ?? 0,
      line: frames.line[row] ?? 0,
      kind: FRAME_KINDS[frames.kind[row] ?? 0] ?? 'unknown',
      inlined: frames.inlined[row] === 1,
    }),
  );
  const stackOf = new Int32Array(stacks.length);
  for (let row = 0; row < stacks.length; row++) {
    const parent = stacks.parent[row] ?? NONE;
    const above = parent === NONE ? NONE : ((stackOf[parent] ?? NONE) as StackId);
    stackOf[row] = builder.stack(above, frameOf[stacks.frame[row] ?? 0] ?? (0 as FrameId));
  }
  return stackOf;
}

/** Numbers instants in the order they are first seen. */
function createInstants(): (timeMs: number) => number {
  const rows = new Map<number, number>();
  return (timeMs) => {
    const row = rows.get(timeMs) ?? rows.size;
    rows.set(timeMs, row);
    return row;
  };
}

function createSampleSum() {
  const instantOf = createInstants();
  const places = createPairTable();
  const rows = createPairTable();
  const sums = growingSamples();
  return {
    add(from: Samples, seriesOf: readonly number[], stackOf: Int32Array): void {
      for (let at = 0; at < from.length; at++) {
        const time = from.timeMs[at] ?? 0;
        const seriesRow = seriesOf[from.series[at] ?? 0] ?? 0;
        const stackRow = stackOf[from.stack[at] ?? NONE] ?? NONE;
        const row = rows.intern(instantOf(time), places.intern(seriesRow, stackRow));
        if (row === sums.value.length) {
          pushRow(sums, { timeMs: time, series: seriesRow, stack: stackRow, value: 0 });
        }
        sums.value.add(row, from.value[at] ?? 0);
      }
    },
    finish: (): Samples => finishTable(sums),
  };
}

function createQualitySum() {
  const instantOf = createInstants();
  const rows = createPairTable();
  const sums = growingQuality();
  const nothing = qualityCounts(() => 0);
  const rowOf = (timeMs: number, series: number): number => {
    const row = rows.intern(instantOf(timeMs), series);
    if (row === sums.series.length) pushRow(sums, { timeMs, series, ...nothing });
    return row;
  };
  return {
    add(from: Quality, seriesOf: readonly number[]): void {
      for (let at = 0; at < from.length; at++) {
        const row = rowOf(from.timeMs[at] ?? 0, seriesOf[from.series[at] ?? 0] ?? 0);
        for (const name of QUALITY_COUNTS) sums[name].add(row, from[name][at] ?? 0);
      }
    },
    finish: (): Quality => finishTable(sums),
  };
}

/** From the first begin to the last end, of the profiles whose begin is known. */
function rangeOf(profiles: readonly Profile[]) {
  const known = profiles.filter(({ startMs }) => startMs > 0);
  const starts = known.map(({ startMs }) => startMs);
  const ends = known.map(({ startMs, durationNs }) => startMs + durationNs / 1e6);
  if (known.length === 0) {
    const durations = profiles.map(({ durationNs }) => durationNs);
    return { startMs: 0, durationNs: Math.max(0, ...durations) };
  }
  const startMs = Math.min(...starts);
  return { startMs, durationNs: (Math.max(...ends) - startMs) * 1e6 };
}
