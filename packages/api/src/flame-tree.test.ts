import assert from 'node:assert/strict';
import test from 'node:test';
import { draw, treeOf } from '@kube-eagle/profile/testing';
import { decodeFlameTree, encodeFlameTree } from './flame-tree.ts';

const tree = treeOf('main;work;read 3', 'main;work 2', 'main;rest 1');

test('a flame tree survives the wire', () => {
  const back = decodeFlameTree(encodeFlameTree(tree));
  assert.deepEqual(draw(back), draw(tree));
  assert.deepEqual(back.self, tree.self);
  assert.deepEqual(back.kind, tree.kind);
});

test('a flame tree is decoded from bytes at any offset', () => {
  const { parent, ...rest } = encodeFlameTree(tree);
  const shifted = new Uint8Array([9, ...parent]).subarray(1);
  assert.deepEqual(decodeFlameTree({ ...rest, parent: shifted }).parent, tree.parent);
});

test('decodeFlameTree() refuses columns that do not fit together', () => {
  const columns = encodeFlameTree(tree);
  const cases = [
    { ...columns, parent: columns.parent.subarray(1) },
    { ...columns, name: new Uint8Array(columns.name.length).fill(0x7f) },
    { ...columns, parent: new Uint8Array(columns.parent.length) },
    { ...columns, kind: new Uint8Array(columns.kind.length).fill(200) },
    { ...columns, names: [] },
  ];
  for (const broken of cases) {
    assert.throws(() => decodeFlameTree(broken), { code: 'data_loss' });
  }
});
