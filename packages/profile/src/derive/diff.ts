import type { CallTree } from './call-tree.ts';
import { createTreeShape } from './tree-shape.ts';

/** Two call trees in one: rows as in {@link CallTree}, each with the values of both. */
export interface DiffTree {
  readonly length: number;
  readonly parent: Int32Array;
  readonly name: Int32Array;
  readonly kind: Uint8Array;
  readonly names: readonly string[];
  readonly beforeSelf: Float64Array;
  readonly beforeTotal: Float64Array;
  readonly afterSelf: Float64Array;
  readonly afterTotal: Float64Array;
}

/**
 * What changed between two trees; a row that one of them lacks has 0 there, so new and gone calls
 * stay. `normalised` scales the values before so that both roots have the same total, for times of
 * different length or load; nothing is scaled where either is empty. O(rows).
 */
export function diffTrees(
  before: CallTree,
  after: CallTree,
  { normalised }: { readonly normalised: boolean },
): DiffTree {
  const from = before.total[0] ?? 0;
  const to = after.total[0] ?? 0;
  const scale = normalised && from !== 0 && to !== 0 ? to / from : 1;
  const names = new Map<string, number>();
  for (const name of [...before.names, ...after.names]) {
    if (!names.has(name)) names.set(name, names.size);
  }
  const builder = createTreeShape({
    names: [...names.keys()],
    rootName: before.names[before.name[0] ?? 0] ?? '',
    expected: Math.max(before.length, after.length),
  });
  const nodesOf = (tree: CallTree): Int32Array => {
    const nameOf = tree.names.map((name) => names.get(name) ?? 0);
    const nodes = new Int32Array(tree.length);
    for (let row = 1; row < tree.length; row++) {
      const parent = nodes[tree.parent[row] ?? 0] ?? 0;
      nodes[row] = builder.child(parent, nameOf[tree.name[row] ?? 0] ?? 0, tree.kind[row] ?? 0);
    }
    return nodes;
  };
  const beforeNodes = nodesOf(before);
  const afterNodes = nodesOf(after);
  const { shape, place } = builder.finish();
  const column = (nodes: Int32Array, values: Float64Array, by = 1): Float64Array => {
    const byNode = new Float64Array(shape.length);
    for (let row = 0; row < nodes.length; row++) byNode[nodes[row] ?? 0] = (values[row] ?? 0) * by;
    return place(byNode);
  };
  return {
    ...shape,
    beforeSelf: column(beforeNodes, before.self, scale),
    beforeTotal: column(beforeNodes, before.total, scale),
    afterSelf: column(afterNodes, after.self),
    afterTotal: column(afterNodes, after.total),
  };
}
