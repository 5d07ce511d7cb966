import assert from 'node:assert/strict';
import test from 'node:test';
import { type CallTree, layOutFlame } from '@kube-eagle/profile';
import { draw, treeOf } from '@kube-eagle/profile/testing';
import { graft, missingPath } from './graft.ts';
import { followPath, pathOf } from './path.ts';

const FULL = ['a;b;c;d 3', 'a;b;e 2', 'a;z 1', 'm;n 4'];

/** The tree of folded lines with more below some rows than it has: `{ 'a;b': 5 }`. */
function cutTree(lines: readonly string[], cut: Readonly<Record<string, number>>): CallTree {
  const tree = treeOf(...lines);
  for (const [path, value] of Object.entries(cut)) {
    let { row } = followPath(tree, path.split(';'));
    for (; row >= 0; row = tree.parent[row] ?? -1) tree.total[row] = (tree.total[row] ?? 0) + value;
  }
  return tree;
}

test('graft() puts a branch in the place of what was cut', () => {
  const tree = cutTree(['a;b;e 2', 'a;z 1', 'm;n 4'], { 'a;b': 3 });
  const { row } = followPath(tree, ['a', 'b']);
  const grown = graft(tree, row, treeOf('c;d 3', 'e 2'));
  assert.deepEqual(draw(grown), draw(treeOf(...FULL)));
  assert.deepEqual(layOutFlame(grown).start, layOutFlame(treeOf(...FULL)).start);
});

test('graft() can take rows away, and everywhere else changes nothing', () => {
  const tree = treeOf(...FULL);
  const { row } = followPath(tree, ['a', 'b']);
  assert.deepEqual(draw(graft(tree, row, treeOf('x 5'))), [
    'a 6',
    '  b 5',
    '    x 5',
    '  z 1',
    'm 4',
    '  n 4',
  ]);
});

test('missingPath() tells what to load for a zoom, as far as the tree goes', () => {
  const layout = layOutFlame(cutTree(['a;b;e 2', 'a;z 1', 'm;n 4'], { 'a;b': 3 }));
  const missing = (...zoom: string[]) => missingPath(layout, zoom)?.join(';');
  assert.equal(missing(), undefined);
  assert.equal(missing('a'), 'a');
  assert.equal(missing('m'), undefined);
  assert.equal(missing('a', 'z'), undefined);
  assert.equal(missing('a', 'b', 'c', 'd'), 'a;b');
  assert.equal(missing('m', 'gone'), undefined);
});

test('followPath() undoes pathOf() for every row', () => {
  const tree = treeOf(...FULL, 'a 7', 'm;a;b 1');
  for (let row = 0; row < tree.length; row++) {
    const path = pathOf(tree, row);
    assert.deepEqual(followPath(tree, path), { row, found: path.length });
  }
  assert.deepEqual(followPath(tree, ['m', 'b']), { row: followPath(tree, ['m']).row, found: 1 });
});
