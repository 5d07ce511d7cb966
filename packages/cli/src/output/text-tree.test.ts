import assert from 'node:assert/strict';
import test from 'node:test';
import { type CallTree, FRAME_KINDS } from '@kube-eagle/profile';
import { treeOf } from '@kube-eagle/profile/testing';
import { createPaint } from './paint.ts';
import { drawTextTree } from './text-tree.ts';

const drawn = (tree: CallTree, rows = 20, width = 80, fullNames = false): string[] =>
  drawTextTree(tree, { rows, width, unit: 'count', paint: createPaint(false), fullNames });

test('the largest branches come first, an only callee stands right below its caller', () => {
  assert.deepEqual(drawn(treeOf('main;run;light 3', 'main;run;heavy;spin 7', 'main;run 2')), [
    '  TOTAL              VALUE      SELF  FUNCTION',
    '100.0 % ████████        12         ·  main',
    '100.0 % ████████        12         2  run',
    ' 58.3 % ████▋            7         ·  ├─ heavy',
    ' 58.3 % ████▋            7         7  │  spin',
    ' 25.0 % ██               3         3  └─ light',
  ]);
});

test('the smallest branches are folded into their caller with their count', () => {
  const tree = treeOf('a;x 50', 'a;y 1', 'a;z 1', 'b 40', 'c 1', 'd 1');
  assert.deepEqual(drawn(tree, 3), [
    '  TOTAL              VALUE      SELF  FUNCTION',
    ' 55.3 % ████▍           52         ·  ├─ a  +2 more 2.1 %',
    ' 53.2 % ████▎           50        50  │  x',
    ' 42.6 % ███▍            40        40  └─ b',
    '+2 more 2.1 %',
  ]);
});

test('every line fits the width, however deep the stack and long the names', () => {
  const deep = Array.from({ length: 300 }, (_, level) => `f${level}`.padEnd(90, 'x'));
  const lines = deep.flatMap((_, at) => [`${deep.slice(0, at + 1).join(';')};leaf 1`]);
  for (const width of [40, 60, 80, 200]) {
    for (const line of drawn(treeOf(...lines), 400, width)) {
      assert.ok([...line].length <= width, `${[...line].length} characters: ${line}`);
    }
  }
});

test('a long name is as short as the width asks for, or whole where that is wanted', () => {
  const name = 'std::vector<int, std::allocator<int>>::push_back(int&&)';
  const tree = treeOf(`${name} 1`);
  const nameIn = ([, line = '']: readonly string[]): string => line.split(/ {2,}/).at(-1) ?? '';
  assert.deepEqual(
    [100, 80, 60].map((width) => nameIn(drawn(tree, 20, width))),
    [name, 'push_back(int&&)', 'push_back(int&&)'],
  );
  assert.equal(nameIn(drawn(tree, 20, 60, true)), name);
});

test('names cannot control the terminal', () => {
  const [, line = ''] = drawn(treeOf('\u001b[31mred\u202e\u009b 1'));
  assert.match(line, /\ufffd\[31mred\ufffd\ufffd$/);
});

test('kinds have colours where there are colours', () => {
  const tree = treeOf('read 1');
  const kernel = { ...tree, kind: Uint8Array.of(0, FRAME_KINDS.indexOf('kernel')) };
  const paint = createPaint(true);
  const options = { rows: 5, width: 80, unit: 'count', paint, fullNames: false };
  assert.ok(drawTextTree(kernel, options)[1]?.includes('\u001b[31mread\u001b[39m'));
});
