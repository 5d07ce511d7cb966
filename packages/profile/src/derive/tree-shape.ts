import { int32Column } from '../model/columns.ts';
import { createPairTable } from '../model/pair-table.ts';
import { FRAME_KINDS } from '../model/profile.ts';

/** The columns of a call tree that say what is where: rows in preorder, children by name. */
export interface TreeShape {
  readonly length: number;
  readonly parent: Int32Array;
  readonly name: Int32Array;
  readonly kind: Uint8Array;
  readonly names: readonly string[];
}

/** A finished shape and the way from nodes to its rows. */
export interface FinishedShape {
  readonly shape: TreeShape;
  /** Values a row of values a node. */
  place(byNode: ArrayLike<number>): Float64Array;
}

/** A tree in the making: nodes in the order they were first seen, node 0 the root. */
export interface TreeShapeBuilder {
  readonly length: number;
  /** The node below `parent` of this name (a row of the builder's names) and kind. */
  child(parent: number, name: number, kind: number): number;
  finish(): FinishedShape;
}

const KINDS = FRAME_KINDS.length;

/** What a tree is made of. */
export interface TreeShapeOptions {
  /** Distinct names; the root's own comes before them. */
  readonly names: readonly string[];
  readonly rootName?: string;
  /** Nodes to expect: a guess saves time. */
  readonly expected?: number;
}

/** A tree of its root so far. */
export function createTreeShape({
  names,
  rootName = 'total',
  expected = 0,
}: TreeShapeOptions): TreeShapeBuilder {
  const pairs = createPairTable(expected);
  const parents = int32Column();
  const keys = int32Column();
  parents.push(-1);
  keys.push(0);
  return {
    get length() {
      return parents.length;
    },
    child(parent, name, kind) {
      const key = name * KINDS + kind;
      const node = pairs.intern(parent, key) + 1;
      if (node === parents.length) {
        parents.push(parent);
        keys.push(key);
      }
      return node;
    },
    finish() {
      const nodes = { parent: parents.take(), key: keys.take() };
      const used = usedNames(names, nodes.key);
      for (let node = 1; node < nodes.key.length; node++) {
        const key = nodes.key[node] ?? 0;
        nodes.key[node] = (used.rank[Math.floor(key / KINDS)] ?? 0) * KINDS + (key % KINDS);
      }
      const order = preorder(nodes.parent, byKey(nodes.key, used.names.length * KINDS));
      return shapeOf(nodes, order, [rootName, ...used.names]);
    },
  };
}

/** The names that nodes have, sorted, and the place of each name among them. */
function usedNames(names: readonly string[], keys: Int32Array) {
  const rank = new Int32Array(names.length).fill(-1);
  for (let node = 1; node < keys.length; node++) rank[Math.floor((keys[node] ?? 0) / KINDS)] = 0;
  const used = [...rank.keys()].filter((name) => rank[name] === 0);
  used.sort((a, b) => ((names[a] ?? '') < (names[b] ?? '') ? -1 : 1));
  for (const [place, name] of used.entries()) rank[name] = place;
  return { rank, names: used.map((name) => names[name] ?? '') };
}

/** All nodes but the root by key: a counting sort, O(nodes + keys). */
function byKey(keys: Int32Array, keyCount: number): Int32Array {
  const ends = new Int32Array(keyCount + 1);
  for (let node = 1; node < keys.length; node++) {
    const key = keys[node] ?? 0;
    ends[key + 1] = (ends[key + 1] ?? 0) + 1;
  }
  for (let key = 0; key < keyCount; key++) ends[key + 1] = (ends[key + 1] ?? 0) + (ends[key] ?? 0);
  const sorted = new Int32Array(keys.length - 1);
  for (let node = 1; node < keys.length; node++) {
    const key = keys[node] ?? 0;
    const place = ends[key] ?? 0;
    sorted[place] = node;
    ends[key] = place + 1;
  }
  return sorted;
}

/** Nodes in preorder, the children of each in the order they have in `sorted`. */
function preorder(parents: Int32Array, sorted: Int32Array): Int32Array {
  const firstChild = new Int32Array(parents.length).fill(-1);
  const nextSibling = new Int32Array(parents.length).fill(-1);
  for (let at = sorted.length - 1; at >= 0; at--) {
    const node = sorted[at] ?? 0;
    const parent = parents[node] ?? 0;
    nextSibling[node] = firstChild[parent] ?? -1;
    firstChild[parent] = node;
  }
  const order = new Int32Array(parents.length);
  let node = 0;
  for (let row = 0; row < order.length; row++) {
    order[row] = node;
    let next = firstChild[node] ?? -1;
    while (next < 0 && node > 0) {
      next = nextSibling[node] ?? -1;
      node = parents[node] ?? 0;
    }
    node = next;
  }
  return order;
}

function shapeOf(
  nodes: { readonly parent: Int32Array; readonly key: Int32Array },
  order: Int32Array,
  names: readonly string[],
): FinishedShape {
  const { length } = order;
  const rowOf = new Int32Array(length);
  for (let row = 0; row < length; row++) rowOf[order[row] ?? 0] = row;
  const parent = new Int32Array(length);
  const name = new Int32Array(length);
  const kind = new Uint8Array(length);
  parent[0] = -1;
  for (let row = 1; row < length; row++) {
    const node = order[row] ?? 0;
    const key = nodes.key[node] ?? 0;
    parent[row] = rowOf[nodes.parent[node] ?? 0] ?? 0;
    name[row] = Math.floor(key / KINDS) + 1;
    kind[row] = key % KINDS;
  }
  return {
    shape: { length, parent, name, kind, names },
    place(byNode) {
      const byRow = new Float64Array(length);
      for (let node = 0; node < length; node++) byRow[rowOf[node] ?? 0] = byNode[node] ?? 0;
      return byRow;
    },
  };
}
