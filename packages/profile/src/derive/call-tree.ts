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
