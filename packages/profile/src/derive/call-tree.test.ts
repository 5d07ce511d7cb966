import assert from 'node:assert/strict';
import test from 'node:test';
import { createProfileBuilder } from '../model/builder.ts';
import { NONE } from '../model/profile.ts';
import { CPU } from '../model/profile-type.ts';
import { draw, profileOf, treeOf } from '../testing.ts';
import { bottomUp } from './bottom-up.ts';
import { callTree } from './call-tree.ts';
import { cutTree } from './cut-tree.ts';
import { diffTrees } from './diff.ts';
import { hotList } from './hot-list.ts';
import { subtreeAt } from './subtree.ts';

test('callTree() merges equal paths and sorts children by name', () => {
  const tree = treeOf('main;b 1', 'main;a 2', 'main;b 3', 'main 1', 'idle 5');
  assert.deepEqual(draw(tree), ['idle 5', 'main 7', '  a 2', '  b 4']);
  assert.deepEqual([...tree.self], [0, 5, 1, 2, 4]);
  assert.equal(tree.names[0], 'total');
});

test('callTree() names frames by function, then by file, and leaves out what has no sample', () => {
  const builder = createProfileBuilder();
  const series = builder.series([], CPU);
  const frames = [
    builder.frame({ mapping: builder.mapping('/usr/lib/libc.so.6'), kind: 'native' }),
    builder.frame({ mapping: builder.mapping('[vdso]'), address: 16 }),
    builder.frame({ address: 4096 }),
    builder.frame({ function: builder.function('unused') }),
  ];
  for (const [row, frame] of frames.entries()) {
    const stack = builder.stack(NONE, frame);
    if (row < 3) builder.sample({ timeMs: 0, series, stack, value: 1 });
  }
  builder.sample({ timeMs: 0, series, stack: NONE, value: 4 });
  const tree = callTree(builder.finish());
  assert.deepEqual(draw(tree), ['[libc.so.6] 1', '[unknown] 5', '[vdso] 1']);
});

test('callTree() keeps functions of one name and two kinds apart', () => {
  const builder = createProfileBuilder();
  const series = builder.series([], CPU);
  for (const kind of ['kernel', 'native'] as const) {
    const frame = builder.frame({ function: builder.function('read'), kind });
    builder.sample({ timeMs: 0, series, stack: builder.stack(NONE, frame), value: 1 });
  }
  assert.deepEqual(draw(callTree(builder.finish())), ['read 1', 'read 1']);
});

test('callTree() of nothing is its root', () => {
  const tree = treeOf();
  assert.equal(tree.length, 1);
  assert.equal(tree.parent[0], -1);
  assert.equal(tree.total[0], 0);
});

test('trees of ten thousand levels are built, turned and cut', () => {
  const deep = treeOf(`${Array.from({ length: 10_000 }, (_, level) => `f${level}`).join(';')} 1`);
  assert.equal(deep.length, 10_001);
  assert.equal(bottomUp(deep).length, 10_001);
  assert.equal(cutTree(deep, 10).tree.length, 10);
  assert.equal(hotList(deep).length, 10_000);
});

test('bottomUp() splits a shared leaf by its callers', () => {
  const tree = bottomUp(treeOf('a;work 3', 'b;work 1', 'b 2'));
  assert.deepEqual(draw(tree), ['b 2', 'work 4', '  a 3', '  b 1']);
  assert.equal(tree.total[0], 6);
});

test('bottomUp() cuts far callers at its bound and keeps totals', () => {
  assert.deepEqual(draw(bottomUp(treeOf('a;b;c 1', 'a;b;d 1'), 4)), ['c 1', '  b 1', 'd 1']);
});

test('cutTree() keeps the largest rows and their ancestors', () => {
  const tree = treeOf('a;x 5', 'a;y 1', 'b;z 2', 'c 1');
  const { tree: cut, cutNodes, rowBefore } = cutTree(tree, 4);
  assert.deepEqual(draw(cut), ['a 6', '  x 5', 'b 2']);
  assert.equal(cutNodes, 3);
  assert.deepEqual(cut.names, ['total', 'a', 'b', 'x']);
  assert.equal(cut.total[0], 9);
  assert.deepEqual([...rowBefore], [0, 1, 2, 4]);
  assert.equal(cutTree(tree, 100).cutNodes, 0);
  assert.equal(cutTree(tree, 0).tree.length, 1);
});

test('subtreeAt() is the tree below a path of names', () => {
  const tree = treeOf('a;b;c 1', 'a;b 2', 'b;c 4');
  const below = subtreeAt(tree, ['a', 'b']);
  assert.ok(below);
  assert.deepEqual(draw(below), ['c 1']);
  assert.equal(below.names[0], 'b');
  assert.deepEqual([below.self[0], below.total[0]], [2, 3]);
  assert.equal(subtreeAt(tree, ['a', 'c']), undefined);
  assert.equal(subtreeAt(tree, []), tree);
});

test('hotList() counts a recursive function once a stack', () => {
  const hot = hotList(treeOf('a;f;f;f 3', 'f;a 1', 'g 2')).map(({ name, self, total }) => [
    name,
    self,
    total,
  ]);
  assert.deepEqual(hot, [
    ['f', 3, 4],
    ['g', 2, 2],
    ['a', 1, 4],
  ]);
});

test('diffTrees() keeps new and gone calls', () => {
  const diff = diffTrees(treeOf('a;x 1', 'a;y 1'), treeOf('a;x 3', 'b 1'), { normalised: false });
  const rows = [...diff.name].map((name, row) =>
    [diff.names[name], diff.beforeTotal[row], diff.afterTotal[row]].join(' '),
  );
  assert.deepEqual(rows, ['total 2 4', 'a 2 3', 'x 1 3', 'y 1 0', 'b 0 1']);
});

test('diffTrees() normalised gives both roots one total', () => {
  const diff = diffTrees(treeOf('a 1', 'b 1'), treeOf('a 30', 'b 10'), { normalised: true });
  assert.deepEqual([...diff.beforeTotal], [40, 20, 20]);
  assert.deepEqual([...diff.afterSelf], [0, 30, 10]);
  const empty = diffTrees(callTree(profileOf()), treeOf('a 1'), { normalised: true });
  assert.deepEqual([...empty.beforeTotal], [0, 0]);
});
