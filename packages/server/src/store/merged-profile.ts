import {
  NONE,
  type Profile,
  type ProfileType,
  type QualityCounts,
  qualityCounts,
} from '@kube-eagle/profile';
import { joinAddresses } from './address-halves.ts';
import { type ChosenRows, chooseRows, rowsOf } from './chosen-rows.ts';
import type { Dictionary } from './dictionary.ts';
import type { StoreQuery } from './profile-store.ts';

/** What was summed of one type. */
export interface MergedType {
  readonly type: ProfileType;
  readonly period: number;
  readonly quality: QualityCounts<number>;
  /** Rows of the dictionary's stacks, each once; -1 where the stack is not known. */
  readonly stack: Int32Array;
  readonly value: Float64Array;
}

/** The begin and length of a merge over a range; 0 where the range has no bound. */
export function mergedRange({
  fromMs,
  toMs,
}: Pick<StoreQuery, 'fromMs' | 'toMs'>): Pick<Profile, 'startMs' | 'durationNs'> {
  return {
    startMs: Number.isFinite(fromMs) ? fromMs : 0,
    durationNs: Number.isFinite(toMs - fromMs) ? Math.max(0, toMs - fromMs) * 1e6 : 0,
  };
}

/**
 * A profile of sums: only the stacks they are of, with their callers, and what these refer to.
 * O(rows + rows of the dictionary).
 */
export function mergedProfile(
  dictionary: Dictionary,
  types: readonly MergedType[],
  range: Pick<StoreQuery, 'fromMs' | 'toMs'>,
): Profile {
  const stacks = withCallers(dictionary, types);
  const { startMs, durationNs } = mergedRange(range);
  return {
    ...namesOf(dictionary, stacks),
    series: {
      length: types.length,
      labels: types.map(() => []),
      type: types.map(({ type }) => type),
      period: Float64Array.from(types, ({ period }) => period),
    },
    samples: samplesOf(types, stacks, startMs),
    quality: {
      length: types.length,
      timeMs: new Float64Array(types.length).fill(startMs),
      series: Int32Array.from(types.keys()),
      ...qualityCounts((name) => Float64Array.from(types, ({ quality }) => quality[name])),
    },
    startMs,
    durationNs,
  };
}

/** The stacks that have a sum, and their callers. */
function withCallers({ stacks }: Dictionary, types: readonly MergedType[]): ChosenRows {
  const { cells, length, width } = stacks;
  const choice = chooseRows(length);
  for (const { stack } of types) {
    for (let sample = 0; sample < stack.length; sample++) {
      let at = stack[sample] ?? NONE;
      while (at >= 0 && choice.add(at)) at = cells[at * width] ?? NONE;
    }
  }
  return choice.finish();
}

function samplesOf(
  types: readonly MergedType[],
  stacks: ChosenRows,
  timeMs: number,
): Profile['samples'] {
  const length = types.reduce((rows, { stack }) => rows + stack.length, 0);
  const series = new Int32Array(length);
  const stackRow = new Int32Array(length);
  const value = new Float64Array(length);
  let begin = 0;
  for (const [row, merged] of types.entries()) {
    series.fill(row, begin, begin + merged.stack.length);
    stackRow.set(stacks.renumber(merged.stack), begin);
    value.set(merged.value, begin);
    begin += merged.stack.length;
  }
  return { length, timeMs: new Float64Array(length).fill(timeMs), series, stack: stackRow, value };
}

type Names = Pick<Profile, 'strings' | 'functions' | 'mappings' | 'frames' | 'stacks'>;

function namesOf(dictionary: Dictionary, stacks: ChosenRows): Names {
  const { functions: functionTable, mappings: mappingTable, frames: frameTable } = dictionary;
  const frameOfStack = stacks.column(dictionary.stacks, 1);
  const frames = rowsOf(frameTable.length, frameOfStack);
  const functionOfFrame = frames.column(frameTable, 0);
  const functions = rowsOf(functionTable.length, functionOfFrame);
  const mappingOfFrame = frames.column(frameTable, 1);
  const mappings = rowsOf(mappingTable.length, mappingOfFrame);
  const name = functions.column(functionTable, 0);
  const sourceFile = functions.column(functionTable, 1);
  const path = mappings.column(mappingTable, 0);
  const buildId = mappings.column(mappingTable, 1);
  const strings = rowsOf(
    dictionary.strings.rows.length,
    Int32Array.of(0),
    name,
    sourceFile,
    path,
    buildId,
  );
  return {
    strings: Array.from(strings.rows, (row) => dictionary.strings.rows[row] ?? ''),
    functions: {
      length: functions.length,
      name: strings.renumber(name),
      file: strings.renumber(sourceFile),
      startLine: functions.column(functionTable, 2),
    },
    mappings: {
      length: mappings.length,
      file: strings.renumber(path),
      buildId: strings.renumber(buildId),
    },
    frames: {
      length: frames.length,
      function: functions.renumber(functionOfFrame),
      mapping: mappings.renumber(mappingOfFrame),
      address: joinAddresses(frames.column(frameTable, 2), frames.column(frameTable, 3)),
      line: frames.column(frameTable, 4),
      kind: Uint8Array.from(frames.column(frameTable, 5)),
      inlined: Uint8Array.from(frames.column(frameTable, 6)),
    },
    stacks: {
      length: stacks.length,
      parent: stacks.renumber(stacks.column(dictionary.stacks, 0)),
      frame: frames.renumber(frameOfStack),
    },
  };
}
