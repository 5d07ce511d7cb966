import { NONE, type Profile } from '@kube-eagle/profile';
import { splitAddresses } from './address-halves.ts';
import { createSeriesTable, type SeriesTable } from './series-table.ts';
import { createStringTable, type StringTable } from './string-table.ts';
import { createTupleTable, type TupleTable } from './tuple-table.ts';

/** What rows of samples refer to, by dense row numbers that never change. */
export interface Dictionary {
  readonly strings: StringTable;
  /** (name, file, startLine) */
  readonly functions: TupleTable;
  /** (file, buildId) */
  readonly mappings: TupleTable;
  /** (function, mapping, address's low half, its high half, line, kind, inlined) */
  readonly frames: TupleTable;
  /** (parent, frame); parents come before their children. */
  readonly stacks: TupleTable;
  readonly series: SeriesTable;
}

/** Rows that a dictionary may hold; for strings, UTF-16 units. */
export type DictionaryLimits = Readonly<Record<keyof Dictionary, number>>;

/** Full, the dictionary takes about 600 MB. A cluster of 200 containers fills a quarter of it. */
export const DICTIONARY_LIMITS: DictionaryLimits = {
  strings: 1 << 27,
  functions: 1 << 21,
  mappings: 1 << 18,
  frames: 1 << 22,
  stacks: 1 << 23,
  series: 1 << 18,
};

/** An empty dictionary. */
export function createDictionary(limits: DictionaryLimits): Dictionary {
  return {
    strings: createStringTable(limits.strings),
    functions: createTupleTable(3, limits.functions),
    mappings: createTupleTable(2, limits.mappings),
    frames: createTupleTable(7, limits.frames),
    stacks: createTupleTable(2, limits.stacks),
    series: createSeriesTable(limits.series),
  };
}

/**
 * The dictionary's row of each stack of a profile. Where there is no room for a stack, the row of its
 * nearest caller that is there, so that values stay; -1 where none is. Names that find no room are
 * left out. The tables count both.
 */
export function internStacks(dictionary: Dictionary, profile: Profile): Int32Array {
  const frameOf = internFrames(dictionary, profile);
  const { parent: parents, frame: frames, length } = profile.stacks;
  const stackOf = new Int32Array(length);
  const isCut = new Uint8Array(length);
  const tuple = new Int32Array(2);
  for (let row = 0; row < length; row++) {
    const parent = parents[row] ?? NONE;
    const caller = parent < 0 ? NONE : (stackOf[parent] ?? NONE);
    const frame = frameOf[frames[row] ?? 0] ?? NONE;
    const cut = frame < 0 || (parent >= 0 && isCut[parent] === 1);
    tuple[0] = caller;
    tuple[1] = frame;
    const stack = cut ? NONE : dictionary.stacks.intern(tuple);
    isCut[row] = stack < 0 ? 1 : 0;
    stackOf[row] = stack < 0 ? caller : stack;
  }
  return stackOf;
}

/** Interns pairs of texts, with a number after them where the table is three wide. */
function internPairs(
  table: TupleTable,
  textOf: Int32Array,
  [firsts, seconds, numbers]: readonly [Int32Array, Int32Array, Int32Array?],
): Int32Array {
  const tuple = new Int32Array(table.width);
  return firsts.map((first, row) => {
    tuple[0] = textOf[first] ?? NONE;
    tuple[1] = textOf[seconds[row] ?? 0] ?? NONE;
    if (numbers) tuple[2] = numbers[row] ?? 0;
    const named = (tuple[0] ?? NONE) >= 0 && (tuple[1] ?? NONE) >= 0;
    return named ? table.intern(tuple) : NONE;
  });
}

function internFrames(dictionary: Dictionary, profile: Profile): Int32Array {
  const { strings, functions, mappings, frames } = profile;
  const textOf = new Int32Array(strings.length);
  for (const [row, text] of strings.entries()) textOf[row] = dictionary.strings.intern(text);
  const functionOf = internPairs(dictionary.functions, textOf, [
    functions.name,
    functions.file,
    functions.startLine,
  ]);
  const mappingOf = internPairs(dictionary.mappings, textOf, [mappings.file, mappings.buildId]);
  const tuple = new Int32Array(dictionary.frames.width);
  const [lowHalf, highHalf] = splitAddresses(frames.address);
  return frames.function.map((fn, row) => {
    const mapping = frames.mapping[row] ?? NONE;
    tuple[0] = fn < 0 ? NONE : (functionOf[fn] ?? NONE);
    tuple[1] = mapping < 0 ? NONE : (mappingOf[mapping] ?? NONE);
    tuple[2] = lowHalf[row] ?? 0;
    tuple[3] = highHalf[row] ?? 0;
    tuple[4] = frames.line[row] ?? 0;
    tuple[5] = frames.kind[row] ?? 0;
    tuple[6] = frames.inlined[row] ?? 0;
    return dictionary.frames.intern(tuple);
  });
}
