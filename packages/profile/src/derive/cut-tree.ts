import type { CallTree } from './call-tree.ts';

/** A tree with its smallest branches gone, and how many rows they were. */
export interface CutTree {
  readonly tree: CallTree;
  readonly cutNodes: number;
  /** By row of `tree`: the row it was before. */
  readonly rowBefore: Int32Array;
}

/**
 * The `maxNodes` rows with the largest totals, ancestors always among them; at least the root.
 * Totals stay, so what was cut below a row is its total less its self and its children's totals.
 */
export function cutTree(tree: CallTree, maxNodes: number): CutTree {
  const most = Math.max(1, Math.floor(maxNodes));
  if (tree.length <= most) {
    return {
      tree,
      cutNodes: 0,
      rowBefore: Int32Array.from({ length: tree.length }, (_, row) => row),
    };
  }
  const kept = largest(weights(tree), most);
  return { tree: rowsOf(tree, kept), cutNodes: tree.length - kept.length, rowBefore: kept };
}

/** Size of the total of each row, or of the largest below it: never more than its parent's. */
function weights(tree: CallTree): Float64Array {
  const weight = tree.total.map(Math.abs);
  for (let row = tree.length - 1; row > 0; row--) {
    const parent = tree.parent[row] ?? 0;
    weight[parent] = Math.max(weight[parent] ?? 0, weight[row] ?? 0);
  }
  return weight;
}

/** The rows of the `count` largest weights in order; of equal ones the first, so parents are kept. */
function largest(weight: Float64Array, count: number): Int32Array {
  const sorted = Float64Array.from(weight).sort();
  const bar = sorted[sorted.length - count] ?? 0;
  let equal = count;
  for (const value of weight) if (value > bar) equal--;
  const rows = new Int32Array(count);
  let kept = 0;
  for (let row = 0; row < weight.length && kept < count; row++) {
    const value = weight[row] ?? 0;
    if (value < bar || (value === bar && equal-- <= 0)) continue;
    rows[kept++] = row;
  }
  return rows;
}

/** The tree of some rows, in order, each with its parent; names that are not needed are left out. */
function rowsOf(tree: CallTree, rows: Int32Array): CallTree {
  const newRow = new Int32Array(tree.length).fill(-1);
  const newName = new Int32Array(tree.names.length).fill(-1);
  for (const [to, from] of rows.entries()) {
    newRow[from] = to;
    newName[tree.name[from] ?? 0] = 0;
  }
  const names = tree.names.filter((_, name) => newName[name] === 0);
  for (let name = 0, next = 0; name < newName.length; name++) {
    if (newName[name] === 0) newName[name] = next++;
  }
  const parentOf = (from: number): number => newRow[tree.parent[from] ?? -1] ?? -1;
  return {
    length: rows.length,
    parent: rows.map(parentOf),
    name: rows.map((from) => newName[tree.name[from] ?? 0] ?? 0),
    kind: Uint8Array.from(rows, (from) => tree.kind[from] ?? 0),
    self: Float64Array.from(rows, (from) => tree.self[from] ?? 0),
    total: Float64Array.from(rows, (from) => tree.total[from] ?? 0),
    names,
  };
}
