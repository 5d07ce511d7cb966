import { type CallTree, cutBelow, type FlameLayout } from '@kube-eagle/profile';
import { endOf, followPath } from './path.ts';

/** The tree with `branch` in the place of what was below `row`; the row itself stays as it is. */
export function graft(tree: CallTree, row: number, branch: CallTree): CallTree {
  const end = endOf(tree, row);
  const names = [...tree.names];
  const nameRows = new Map(names.map((name, at) => [name, at]));
  const newName = branch.names.map((name) => {
    const at = nameRows.get(name) ?? names.length;
    if (at === names.length) names.push(name);
    return at;
  });
  const shift = branch.length - 1 - (end - row - 1);
  const length = tree.length + shift;
  const parent = spliced(new Int32Array(length), tree.parent, branch.parent, { row, end });
  const name = spliced(new Int32Array(length), tree.name, branch.name, { row, end });
  for (let at = row + 1; at < row + branch.length; at++) {
    parent[at] = (parent[at] ?? 0) + row;
    name[at] = newName[name[at] ?? 0] ?? 0;
  }
  for (let at = row + branch.length; at < length; at++) {
    if ((parent[at] ?? 0) > row) parent[at] = (parent[at] ?? 0) + shift;
  }
  const self = spliced(new Float64Array(length), tree.self, branch.self, { row, end });
  self[row] = branch.self[0] ?? 0;
  return {
    length,
    parent,
    name,
    kind: spliced(new Uint8Array(length), tree.kind, branch.kind, { row, end }),
    self,
    total: spliced(new Float64Array(length), tree.total, branch.total, { row, end }),
    names,
  };
}

/** `into` with rows (row, end) of a column replaced by a branch's rows after its root. */
function spliced<T extends Int32Array | Uint8Array | Float64Array>(
  into: T,
  column: T,
  branch: T,
  { row, end }: { readonly row: number; readonly end: number },
): T {
  into.set(column.subarray(0, row + 1), 0);
  into.set(branch.subarray(1), row + 1);
  into.set(column.subarray(end), row + branch.length);
  return into;
}

/**
 * The path whose branch is to be loaded so that `zoom` shows all there is: where the tree ends before
 * the path does, or where something below its end was cut. `undefined` when nothing is missing.
 */
export function missingPath(
  layout: FlameLayout,
  zoom: readonly string[],
): readonly string[] | undefined {
  if (zoom.length === 0) return undefined;
  const { tree } = layout;
  const { row, found } = followPath(tree, zoom);
  if (found < zoom.length) return cutBelow(layout, row) > 0 ? zoom.slice(0, found) : undefined;
  const end = endOf(tree, row);
  for (let at = row; at < end; at++) if (cutBelow(layout, at) > 0) return zoom;
  return undefined;
}
