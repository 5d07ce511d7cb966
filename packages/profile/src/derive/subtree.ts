import type { CallTree } from './call-tree.ts';
import { createTreeShape, type TreeShapeBuilder } from './tree-shape.ts';

/**
 * The tree below a path of function names from the root down; its root is named for the last of
 * them. Functions of one name and different kinds are taken together. The whole tree for no path,
 * `undefined` where nothing has this path. O(rows).
 */
export function subtreeAt(tree: CallTree, path: readonly string[]): CallTree | undefined {
  const last = path.at(-1);
  if (last === undefined) return tree;
  const builder = createTreeShape({ names: tree.names, rootName: last });
  const nodeOf = nodesBelow(tree, path, builder);
  if (!nodeOf.includes(0)) return undefined;
  const { shape, place } = builder.finish();
  const sum = (values: Float64Array): Float64Array => {
    const sums = new Float64Array(shape.length);
    for (let row = 1; row < tree.length; row++) {
      const node = nodeOf[row] ?? -1;
      if (node >= 0) sums[node] = (sums[node] ?? 0) + (values[row] ?? 0);
    }
    return place(sums);
  };
  return { ...shape, self: sum(tree.self), total: sum(tree.total) };
}

/** The new node of each row; 0 where the path ends, -1 outside. */
function nodesBelow(tree: CallTree, path: readonly string[], to: TreeShapeBuilder): Int32Array {
  const matched = matchedNames(tree, path);
  const nodeOf = new Int32Array(tree.length).fill(-1);
  for (let row = 1; row < tree.length; row++) {
    const parent = nodeOf[tree.parent[row] ?? 0] ?? -1;
    if (matched[row] === path.length) nodeOf[row] = 0;
    else if (parent >= 0) {
      nodeOf[row] = to.child(parent, tree.name[row] ?? 0, tree.kind[row] ?? 0);
    }
  }
  return nodeOf;
}

/** How many names of the path lead to each row; -1 for rows that are not on it. */
function matchedNames(tree: CallTree, path: readonly string[]): Int32Array {
  const matched = new Int32Array(tree.length).fill(-1);
  matched[0] = 0;
  for (let row = 1; row < tree.length; row++) {
    const above = matched[tree.parent[row] ?? 0] ?? -1;
    if (above < 0 || above >= path.length) continue;
    if (tree.names[tree.name[row] ?? 0] === path[above]) matched[row] = above + 1;
  }
  return matched;
}
