import type { CallTree } from '@kube-eagle/profile';

/** Function names from below the root to a row: what stays when rows are numbered anew. */
export function pathOf(tree: CallTree, row: number): string[] {
  const path: string[] = [];
  for (let at = row; at > 0; at = tree.parent[at] ?? 0) path.push(nameOf(tree, at));
  return path.reverse();
}

/** How far down a path leads in a tree. */
export interface PathEnd {
  readonly row: number;
  /** Names of the path that were found. */
  readonly found: number;
}

/** The row a path leads to, or the last one on the way. O(rows). */
export function followPath(tree: CallTree, path: readonly string[]): PathEnd {
  let row = 0;
  let found = 0;
  let end = tree.length;
  // Preorder: what is below `row` follows it, up to the next row that is not below it.
  for (let at = 1; at < end && found < path.length; at++) {
    const parent = tree.parent[at] ?? 0;
    if (parent < row) end = at;
    else if (parent === row && nameOf(tree, at) === path[found]) {
      row = at;
      found++;
    }
  }
  return { row, found };
}

/** The row after the last one below `row`. */
export function endOf(tree: CallTree, row: number): number {
  let at = row + 1;
  while (at < tree.length && (tree.parent[at] ?? 0) >= row) at++;
  return at;
}

/** The name of a row. */
export function nameOf(tree: CallTree, row: number): string {
  return tree.names[tree.name[row] ?? 0] ?? '';
}
