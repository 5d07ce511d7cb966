import { FRAME_KINDS } from '../model/profile.ts';
import type { CallTree } from './call-tree.ts';

/** A function and what it took, wherever it was called from. */
export interface HotFunction {
  readonly name: string;
  /** Index in FRAME_KINDS. */
  readonly kind: number;
  /** Value of the stacks that end in it. */
  readonly self: number;
  /** Value of the stacks it is in, once a stack however often it calls itself. */
  readonly total: number;
}

/** All functions of a tree, the largest self value first, then total, then by name. O(rows). */
export function hotList(tree: CallTree): HotFunction[] {
  const key = new Int32Array(tree.length);
  const rows = new Map<number, number>();
  const functions: Counted[] = [];
  for (let row = 1; row < tree.length; row++) {
    const kind = tree.kind[row] ?? 0;
    const name = tree.name[row] ?? 0;
    const id = name * FRAME_KINDS.length + kind;
    const known = rows.get(id) ?? functions.length;
    if (known === functions.length) {
      rows.set(id, known);
      functions.push({ name: tree.names[name] ?? '', kind, self: 0, total: 0, open: 0 });
    }
    key[row] = known;
  }
  sumFunctions(tree, (row) => functions[key[row] ?? 0]);
  return functions
    .map(({ open, ...hot }) => hot)
    .sort((a, b) => b.self - a.self || b.total - a.total || (a.name < b.name ? -1 : 1));
}

interface Counted extends HotFunction {
  self: number;
  total: number;
  /** How many rows from here to the root are of this function. */
  open: number;
}

/** Walks the rows in preorder; only the outermost of nested calls adds to the total. */
function sumFunctions(tree: CallTree, functionOf: (row: number) => Counted | undefined): void {
  let above = 0;
  for (let row = 1; row < tree.length; row++) {
    const parent = tree.parent[row] ?? 0;
    for (; above !== parent; above = tree.parent[above] ?? 0) {
      const left = functionOf(above);
      if (left) left.open--;
    }
    const entered = functionOf(row);
    if (!entered) continue;
    entered.self += tree.self[row] ?? 0;
    if (entered.open++ === 0) entered.total += tree.total[row] ?? 0;
    above = row;
  }
}
