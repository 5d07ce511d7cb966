import { type CallTree, EagleError, FRAME_KINDS } from '@kube-eagle/profile';
import type { FlameTreeResponse } from './gen/kubeeagle/v1/query_pb.ts';

/** The part of an answer that holds the tree itself. */
export type FlameTreeColumns = Pick<
  FlameTreeResponse,
  'parent' | 'name' | 'self' | 'total' | 'kind' | 'names'
>;

/** A call tree as it goes over the wire: little-endian columns. */
export function encodeFlameTree(tree: CallTree): FlameTreeColumns {
  return {
    parent: int32Bytes(tree.parent),
    name: int32Bytes(tree.name),
    self: float64Bytes(tree.self),
    total: float64Bytes(tree.total),
    kind: new Uint8Array(tree.kind),
    names: [...tree.names],
  };
}

/** The call tree of an answer. Throws `data_loss` for columns that do not fit together. */
export function decodeFlameTree(columns: FlameTreeColumns): CallTree {
  const { names } = columns;
  const length = columns.kind.length;
  const tree: CallTree = {
    length,
    parent: int32Column('parent', columns.parent, length),
    name: int32Column('name', columns.name, length),
    kind: new Uint8Array(columns.kind),
    self: float64Column('self', columns.self, length),
    total: float64Column('total', columns.total, length),
    names,
  };
  for (let row = 0; row < length; row++) {
    const parent = tree.parent[row] ?? 0;
    const name = tree.name[row] ?? 0;
    const rooted = row === 0 ? parent === -1 : parent >= 0 && parent < row;
    if (rooted && name >= 0 && name < names.length && (tree.kind[row] ?? 0) < FRAME_KINDS.length) {
      continue;
    }
    throw new EagleError('data_loss', `flame tree: row ${row} is not sound: ask again`);
  }
  return tree;
}

function int32Bytes(column: Int32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(column.length * 4));
  for (let row = 0; row < column.length; row++) view.setInt32(row * 4, column[row] ?? 0, true);
  return new Uint8Array(view.buffer);
}

function float64Bytes(column: Float64Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(column.length * 8));
  for (let row = 0; row < column.length; row++) view.setFloat64(row * 8, column[row] ?? 0, true);
  return new Uint8Array(view.buffer);
}

function int32Column(name: string, bytes: Uint8Array, length: number): Int32Array {
  const view = viewOf(name, bytes, length * 4);
  const column = new Int32Array(length);
  for (let row = 0; row < length; row++) column[row] = view.getInt32(row * 4, true);
  return column;
}

function float64Column(name: string, bytes: Uint8Array, length: number): Float64Array {
  const view = viewOf(name, bytes, length * 8);
  const column = new Float64Array(length);
  for (let row = 0; row < length; row++) column[row] = view.getFloat64(row * 8, true);
  return column;
}

function viewOf(name: string, bytes: Uint8Array, sizeBytes: number): DataView {
  if (bytes.length !== sizeBytes) {
    throw new EagleError(
      'data_loss',
      `flame tree: expected ${sizeBytes} bytes of ${name}, got ${bytes.length}`,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
