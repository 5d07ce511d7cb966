import { NONE, type Profile } from '../model/profile.ts';
import { frameNames } from './frame-name.ts';
import { createTreeShape, type TreeShapeBuilder } from './tree-shape.ts';

/**
 * A call tree: rows in preorder, so a parent's row is less than its children's and a subtree is a
 * run of rows. Row 0 is the root of everything, named `total`. Children of one parent have
 * different names (with their kind) and stand in the order of their names.
 */
export interface CallTree {
  readonly length: number;
  /** Row of the caller; -1 at the root. */
  readonly parent: Int32Array;
  /** Row in `names`. */
  readonly name: Int32Array;
  /** Index in FRAME_KINDS. */
  readonly kind: Uint8Array;
  /** Value of the stacks that end here. */
  readonly self: Float64Array;
  /** `self` plus everything below; where branches were cut, more than the rows below add up to. */
  readonly total: Float64Array;
  readonly names: readonly string[];
}

/**
 * The calls of a profile from the outermost function down, over all its samples; select one type
 * before. Samples without a stack are below the root as `[unknown]`. O(rows).
 */
export function callTree(profile: Profile): CallTree {
  const { samples } = profile;
  const { names, name, unknown } = frameNames(profile);
  const builder = createTreeShape({ names, expected: profile.stacks.length });
  const nodeOf = stackNodes(profile, name, builder);
  const self = new Float64Array(builder.length + 1);
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row] ?? NONE;
    const node = stack === NONE ? builder.child(0, unknown, 0) : (nodeOf[stack] ?? 0);
    self[node] = (self[node] ?? 0) + (samples.value[row] ?? 0);
  }
  const { shape, place } = builder.finish();
  const selfOfRow = place(self);
  return { ...shape, self: selfOfRow, total: totals(shape.parent, selfOfRow) };
}

/** The node of each stack that is used; 0 for the others. */
function stackNodes(profile: Profile, name: Int32Array, to: TreeShapeBuilder): Int32Array {
  const { stacks, frames } = profile;
  const used = usedStacks(profile);
  const nodeOf = new Int32Array(stacks.length);
  for (let stack = 0; stack < stacks.length; stack++) {
    if (used[stack] === 0) continue;
    const parent = stacks.parent[stack] ?? NONE;
    const frame = stacks.frame[stack] ?? 0;
    const above = parent === NONE ? 0 : (nodeOf[parent] ?? 0);
    nodeOf[stack] = to.child(above, name[frame] ?? 0, frames.kind[frame] ?? 0);
  }
  return nodeOf;
}

/** 1 for each stack that samples end in or go through. */
function usedStacks({ stacks, samples }: Profile): Uint8Array {
  const used = new Uint8Array(stacks.length);
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row] ?? NONE;
    if (stack !== NONE) used[stack] = 1;
  }
  for (let stack = stacks.length - 1; stack >= 0; stack--) {
    const parent = stacks.parent[stack] ?? NONE;
    if (used[stack] === 1 && parent !== NONE) used[parent] = 1;
  }
  return used;
}

/** `self` plus everything below it, by row: children come after their parent. */
function totals(parent: Int32Array, self: Float64Array): Float64Array {
  const total = Float64Array.from(self);
  for (let row = total.length - 1; row > 0; row--) {
    const above = parent[row] ?? 0;
    total[above] = (total[above] ?? 0) + (total[row] ?? 0);
  }
  return total;
}
