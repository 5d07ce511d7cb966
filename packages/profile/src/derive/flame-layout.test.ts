import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { CallTree } from './call-tree.ts';
import {
  boxesIn,
  cutBelow,
  type FlameLayout,
  type FlameView,
  hitAt,
  layOutFlame,
  zoomTo,
} from './flame-layout.ts';

/** A tree from indented lines `name self [cut]`. */
function treeOf(...lines: string[]): CallTree {
  const parents: number[] = [];
  const path: number[] = [];
  const nodes = lines.map((line, row) => {
    const level = line.search(/\S/) / 2;
    const [name = '', self = '0', cut = '0'] = line.trim().split(' ');
    path.length = level;
    parents.push(path.at(-1) ?? -1);
    path.push(row);
    return { name, self: Number(self), cut: Number(cut) };
  });
  const total = Float64Array.from(nodes, ({ self, cut }) => self + cut);
  for (let row = nodes.length - 1; row > 0; row--) {
    const parent = parents[row] ?? 0;
    total[parent] = (total[parent] ?? 0) + (total[row] ?? 0);
  }
  return {
    length: nodes.length,
    parent: Int32Array.from(parents),
    name: Int32Array.from(nodes, (_, row) => row),
    kind: new Uint8Array(nodes.length),
    self: Float64Array.from(nodes, ({ self }) => self),
    total,
    names: nodes.map(({ name }) => name),
  };
}

const SHOP = treeOf('total', '  main', '    idle 2', '    serve 1', '      query 4', '  swap 1 2');

const ALL: Omit<FlameView, 'start' | 'end'> = {
  widthPx: 10,
  firstLevel: 0,
  levels: 99,
  minWidthPx: 0.5,
};

interface Box {
  readonly level: number;
  readonly x: number;
  readonly end: number;
  readonly row: number;
  readonly count: number;
}

/** The boxes as objects, what was cut at the end. */
function boxList(layout: FlameLayout, view: FlameView): Box[] {
  const { length, level, x, width, index, count } = boxesIn(layout, view);
  return Array.from({ length }, (_, box) => ({
    level: level[box] ?? 0,
    x: x[box] ?? 0,
    end: (x[box] ?? 0) + (width[box] ?? 0),
    row: layout.rows[index[box] ?? 0] ?? -1,
    count: count[box] ?? 0,
  })).sort((a, b) => Number(a.count === 0) - Number(b.count === 0));
}

/** One line a level: `name from-to`, `…n` for a run, `✂name` for what was cut below it. */
function draw(tree: CallTree, view: Partial<FlameView> = {}): string[] {
  const layout = layOutFlame(tree);
  const lines: string[] = [];
  for (const box of boxList(layout, { ...ALL, ...zoomTo(layout, 0), ...view })) {
    const name = tree.names[tree.name[box.row] ?? 0];
    const what = [`✂${name}`, name][box.count] ?? `…${box.count}`;
    const before = lines[box.level];
    lines[box.level] = `${before ? `${before} | ` : ''}${what} ${box.x}-${box.end}`;
  }
  return lines;
}

test('boxesIn() puts children below their caller, from left to right, and shows what was cut', () => {
  assert.deepEqual(draw(SHOP), [
    'total 0-10',
    'main 0-7 | swap 7-10',
    'idle 0-2 | serve 2-7 | ✂swap 7-9',
    'query 2-6',
  ]);
});

test('zoomTo() gives a row and its ancestors the whole width', () => {
  const zoomed = zoomTo(layOutFlame(SHOP), 3);
  assert.deepEqual(draw(SHOP, zoomed), ['total 0-10', 'main 0-10', 'serve 0-10', 'query 0-8']);
});

test('boxesIn() gives only the levels of the view', () => {
  assert.deepEqual(draw(SHOP, { firstLevel: 2, levels: 1 }).slice(2), [
    'idle 0-2 | serve 2-7 | ✂swap 7-9',
  ]);
});

test('boxesIn() merges neighbors that are too narrow', () => {
  const tree = treeOf('total', '  a 6', '  b 1', '  c 1', '  d 1', '  e 1', '  f 10');
  assert.deepEqual(draw(tree, { minWidthPx: 0.6 }), ['total 0-10', 'a 0-3 | …4 3-5 | f 5-10']);
});

test('hitAt() finds the row, what was cut, or nothing', () => {
  const layout = layOutFlame(SHOP);
  const at = (level: number, value: number): string => {
    const hit = hitAt(layout, level, value);
    return hit ? `${hit.isCut ? '✂' : ''}${SHOP.names[hit.row]}` : '-';
  };
  assert.deepEqual(
    [at(0, 9.9), at(1, 6.99), at(1, 7), at(2, 1), at(2, 8), at(2, 9.5), at(3, 1), at(9, 0)],
    ['total', 'main', 'swap', 'idle', '✂swap', '-', '-', '-'],
  );
  assert.equal(cutBelow(layout, 5), 2);
});

const trees = fc
  .array(fc.record({ up: fc.nat(4), self: fc.integer({ min: 1, max: 20 }), cut: fc.nat(3) }), {
    maxLength: 60,
  })
  .map((nodes) => {
    let level = 0;
    const lines = nodes.map(({ up, self, cut }, row) => {
      level = Math.max(1, level + 1 - up);
      return `${'  '.repeat(level)}f${row} ${self} ${cut}`;
    });
    return treeOf('total 1', ...lines);
  });

test('boxesIn() keeps boxes in the view, apart, and accounts for every row', () => {
  const minWidths = fc.double({ min: 0.1, max: 4, noNaN: true });
  const property = fc.property(trees, minWidths, (tree, minWidthPx) => {
    const layout = layOutFlame(tree);
    const boxes = boxList(layout, { ...ALL, ...zoomTo(layout, 0), minWidthPx });
    const right: number[] = [];
    for (const { level, x, end } of boxes.filter(({ count }) => count > 0)) {
      assert.ok(x >= (right[level] ?? 0) - 1e-9 && end <= 10 + 1e-9);
      right[level] = end;
    }
    assert.equal(
      boxes.reduce((rows, { count }) => rows + count, 0),
      tree.length,
    );
  });
  fc.assert(property, { numRuns: 200 });
});

test('layOutFlame() keeps children inside their callers', () => {
  const property = fc.property(trees, (tree) => {
    const layout = layOutFlame(tree);
    for (let row = 1; row < tree.length; row++) {
      const inner = zoomTo(layout, row);
      const outer = zoomTo(layout, tree.parent[row] ?? 0);
      assert.ok(inner.start >= outer.start && inner.end <= outer.end);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('zoomTo() any row keeps its ancestors at full width, and hitAt() agrees with the boxes', () => {
  const property = fc.property(trees, fc.nat(), (tree, pick) => {
    const layout = layOutFlame(tree);
    const row = pick % tree.length;
    const zoom = zoomTo(layout, row);
    const boxes = boxList(layout, { ...ALL, ...zoom }).filter(({ count }) => count === 1);
    const shown = new Map(boxes.map((box) => [box.row, box]));
    for (let at = row; at >= 0 && zoom.end > zoom.start; at = tree.parent[at] ?? -1) {
      // Positions are quotients of sums: exact but for the last bits.
      assert.ok(Math.abs(shown.get(at)?.x ?? -1) < 1e-9);
      assert.ok(Math.abs((shown.get(at)?.end ?? -1) - 10) < 1e-9);
    }
    for (const box of boxes.filter(({ x, end }) => end > x)) {
      const value = zoom.start + ((box.x + box.end) / 20) * (zoom.end - zoom.start);
      assert.deepEqual(hitAt(layout, box.level, value), { row: box.row, isCut: false });
    }
  });
  fc.assert(property, { numRuns: 200 });
});
