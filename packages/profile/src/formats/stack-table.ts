import { int32Column } from '../model/columns.ts';
import { createPairTable } from '../model/pair-table.ts';
import type { Problems } from '../model/parsed.ts';
import { NONE, type Stacks } from '../model/profile.ts';

/** Stacks of a request as rows of a prefix tree. */
export interface StackRows {
  /** Row in `stacks` of a row of the stack table; -1 for the empty one and for a lie. */
  stackOf(row: number): number;
  /** Row in `stacks` of some locations, the leaf first. */
  internStack(locations: ArrayLike<number>): number;
  /** To be called when all samples are read. */
  finishStacks(): Stacks;
}

export interface StackBounds {
  readonly problems: Problems;
  /** Of the input: rows and time are bounded by it. */
  readonly sizeBytes: number;
}

/** Frames of one stack; what calls the outermost of them is cut. */
export const MAX_DEPTH = 1024;
/**
 * Rows that a byte of input may make. A stack names each location in a byte or more, but a location
 * may stand for many inlined functions.
 */
const MAX_STACKS_A_BYTE = 4;
/** Frames that a byte may have us walk; a few bytes may name one long stack again and again. */
const MAX_STEPS_A_BYTE = 16;

const UNKNOWN = -2;

/**
 * The stacks of a table of location lists. Location `i` stands for the frames from `firstFrame[i]` up
 * to `firstFrame[i + 1]`, the innermost first.
 */
export function createStacks(
  firstFrame: Int32Array,
  table: readonly (readonly number[])[],
  { problems, sizeBytes }: StackBounds,
): StackRows {
  const maxStacks = sizeBytes * MAX_STACKS_A_BYTE;
  const maxSteps = sizeBytes * MAX_STEPS_A_BYTE;
  let steps = 0;
  const listed = table.reduce((sum, locations) => sum + locations.length, 0);
  const pairs = createPairTable(Math.min(listed, maxStacks) / 2);
  const parent = int32Column();
  const frame = int32Column();
  const known = new Int32Array(table.length).fill(UNKNOWN);
  const locationCount = firstFrame.length - 1;

  /** The row of a location's frames called from another row. */
  function call(caller: number, location: number): number {
    let row = caller;
    const from = firstFrame[location] ?? 0;
    for (let each = (firstFrame[location + 1] ?? 0) - 1; each >= from; each--) {
      if (steps >= maxSteps || parent.length >= maxStacks) {
        problems.add('more frames than an input of this size may have: the rest is left out');
        return row;
      }
      steps++;
      const next = pairs.intern(row, each);
      if (next === parent.length) {
        parent.push(row);
        frame.push(each);
      }
      row = next;
    }
    return row;
  }

  /** How many locations, from the leaf on, a stack may have. */
  function depthOf(locations: ArrayLike<number>): number {
    let frames = 0;
    for (let at = 0; at < locations.length; at++) {
      const location = locations[at] ?? locationCount;
      if (location >= locationCount) continue;
      frames += (firstFrame[location + 1] ?? 0) - (firstFrame[location] ?? 0);
      if (frames > MAX_DEPTH) return at;
    }
    return locations.length;
  }

  function internStack(locations: ArrayLike<number>): number {
    const depth = depthOf(locations);
    if (depth < locations.length) problems.add(`a stack of more than ${MAX_DEPTH} frames was cut`);
    let row: number = NONE;
    for (let at = depth - 1; at >= 0; at--) {
      const location = locations[at] ?? locationCount;
      if (location < locationCount) row = call(row, location);
    }
    return row;
  }

  return {
    internStack,
    stackOf(row) {
      const before = known[row];
      if (before === undefined) return NONE;
      if (before !== UNKNOWN) return before;
      const stack = internStack(table[row] ?? []);
      known[row] = stack;
      return stack;
    },
    finishStacks: () => ({ length: parent.length, parent: parent.take(), frame: frame.take() }),
  };
}
