import { type Column, float64Column, int32Column } from '../model/columns.ts';
import type { CallTree } from './call-tree.ts';
import { createTreeShape } from './tree-shape.ts';

/** Rows that {@link bottomUp} makes at most: reversed paths can be as many as rows times depth. */
const MAX_ROWS = 2_000_000;

/**
 * The tree from the leaves up: below the root the functions by their self value, below each its
 * callers. Nearest callers are found first; where `maxRows` is reached, callers further out are cut,
 * and totals stay true. O(rows of the result).
 */
export function bottomUp(tree: CallTree, maxRows: number = MAX_ROWS): CallTree {
  const builder = createTreeShape({ names: tree.names, expected: tree.length });
  const self = float64Column();
  const total = float64Column();
  self.push(tree.self[0] ?? 0);
  total.push(tree.total[0] ?? 0);

  function climb(paths: Paths): Paths {
    const above = createPaths();
    for (let at = 0; at < paths.row.length && builder.length < maxRows; at++) {
      const row = paths.row.get(at);
      const value = paths.value.get(at);
      const node = builder.child(paths.node.get(at), tree.name[row] ?? 0, tree.kind[row] ?? 0);
      if (node === total.length) {
        self.push(0);
        total.push(0);
      }
      total.add(node, value);
      const caller = tree.parent[row] ?? 0;
      if (caller === 0) self.add(node, value);
      else add(above, { row: caller, node, value });
    }
    return above;
  }

  let paths = pathEnds(tree);
  while (paths.row.length > 0) paths = climb(paths);
  const { shape, place } = builder.finish();
  return { ...shape, self: place(self.take()), total: place(total.take()) };
}

/** Paths that are walked up together: where each is in the old tree and in the new. */
interface Paths {
  readonly row: Column<Int32Array>;
  readonly node: Column<Int32Array>;
  readonly value: Column<Float64Array>;
}

const createPaths = (): Paths => ({
  row: int32Column(),
  node: int32Column(),
  value: float64Column(),
});

function add(paths: Paths, path: { readonly [K in keyof Paths]: number }): void {
  paths.row.push(path.row);
  paths.node.push(path.node);
  paths.value.push(path.value);
}

function pathEnds(tree: CallTree): Paths {
  const ends = createPaths();
  for (let row = 1; row < tree.length; row++) {
    const value = tree.self[row] ?? 0;
    if (value !== 0) add(ends, { row, node: 0, value });
  }
  return ends;
}
