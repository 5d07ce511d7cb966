import { float64Column, int32Column } from '../model/columns.ts';
import type { CallTree } from './call-tree.ts';

/**
 * Where each row of a call tree lies in a flame graph. Horizontal places are values: the root begins
 * at 0 and ends at its total. Below a row come its children in their order, then what was cut, then
 * the room of its own value.
 */
export interface FlameLayout {
  readonly tree: CallTree;
  /** Levels of the tree; the root's is 0. */
  readonly depth: number;
  /** By row: where it begins. */
  readonly start: Float64Array;
  /** By row: where its last child ends. */
  readonly childrenEnd: Float64Array;
  readonly level: Int32Array;
  /** All rows by level, and from left to right in each: the order that {@link FlameBoxes} counts in. */
  readonly rows: Int32Array;
  /**
   * By place in `rows`: where that row begins and ends. What a view reads lies side by side in memory,
   * which makes it twice as fast.
   */
  readonly startAt: Float64Array;
  readonly endAt: Float64Array;
  /** By level: the first of its rows in `rows`; one more entry than levels. */
  readonly firstOfLevel: Int32Array;
}

/** Lays a tree out once; every view of it then costs what it shows. O(rows). */
export function layOutFlame(tree: CallTree): FlameLayout {
  const start = new Float64Array(tree.length);
  const childrenEnd = new Float64Array(tree.length);
  const level = new Int32Array(tree.length);
  let depth = 0;
  for (let row = 0; row < tree.length; row++) {
    const parent = tree.parent[row] ?? -1;
    if (parent >= 0) {
      const begin = childrenEnd[parent] ?? 0;
      start[row] = begin;
      childrenEnd[parent] = begin + (tree.total[row] ?? 0);
      level[row] = (level[parent] ?? 0) + 1;
    }
    childrenEnd[row] = start[row] ?? 0;
    depth = Math.max(depth, (level[row] ?? 0) + 1);
  }
  const { rows, firstOfLevel } = sortByLevel(level, depth);
  const startAt = new Float64Array(tree.length);
  const endAt = new Float64Array(tree.length);
  for (let index = 0; index < tree.length; index++) {
    const row = rows[index] ?? 0;
    const begin = start[row] ?? 0;
    startAt[index] = begin;
    endAt[index] = begin + (tree.total[row] ?? 0);
  }
  return { tree, depth, start, childrenEnd, level, rows, startAt, endAt, firstOfLevel };
}

/** A counting sort: preorder already has each level from left to right. */
function sortByLevel(level: Int32Array, depth: number): Pick<FlameLayout, 'rows' | 'firstOfLevel'> {
  const firstOfLevel = new Int32Array(depth + 1);
  for (let row = 0; row < level.length; row++) {
    const after = (level[row] ?? 0) + 1;
    firstOfLevel[after] = (firstOfLevel[after] ?? 0) + 1;
  }
  for (let at = 1; at <= depth; at++) {
    firstOfLevel[at] = (firstOfLevel[at] ?? 0) + (firstOfLevel[at - 1] ?? 0);
  }
  const next = firstOfLevel.slice();
  const rows = new Int32Array(level.length);
  for (let row = 0; row < level.length; row++) {
    const at = level[row] ?? 0;
    const index = next[at] ?? 0;
    rows[index] = row;
    next[at] = index + 1;
  }
  return { rows, firstOfLevel };
}

/** The part of a flame graph that a viewport shows. */
export interface FlameView {
  /** Values at the left and right edge. */
  readonly start: number;
  readonly end: number;
  readonly widthPx: number;
  readonly firstLevel: number;
  /** Levels shown, from `firstLevel` on. */
  readonly levels: number;
  /** What is narrower is merged with its neighbors. */
  readonly minWidthPx: number;
}

/** What to draw, level by level and from left to right. Boxes are cut at the edges of the view. */
export interface FlameBoxes {
  readonly length: number;
  /** Left edge in px. */
  readonly x: Float64Array;
  /** In px. */
  readonly width: Float64Array;
  readonly level: Int32Array;
  /** Place in {@link FlameLayout.rows}; of the row above, for what was cut below it. */
  readonly index: Int32Array;
  /** Rows in the box: 1; more for a run of neighbors too narrow to be drawn; 0 for what was cut. */
  readonly count: Int32Array;
}

/** Values from left to right when `row` fills the width: its ancestors then fill it too. */
export function zoomTo(layout: FlameLayout, row: number): Pick<FlameView, 'start' | 'end'> {
  const start = layout.start[row] ?? 0;
  return { start, end: start + (layout.tree.total[row] ?? 0) };
}

/** Value of the branches that were cut below a row. */
export function cutBelow(layout: FlameLayout, row: number): number {
  const { tree, start, childrenEnd } = layout;
  const total = tree.total[row] ?? 0;
  const shown = (childrenEnd[row] ?? 0) - (start[row] ?? 0) + (tree.self[row] ?? 0);
  // Sums of doubles differ in their last bits by the order they were added in.
  return total - shown > total * 1e-9 ? total - shown : 0;
}

/**
 * The boxes of a view. Costs the boxes shown and a binary search a level and a merged run, whatever
 * the size of the tree.
 */
export function boxesIn(layout: FlameLayout, view: FlameView): FlameBoxes {
  const pen = createPen(layout, view);
  const last = Math.min(layout.depth, view.firstLevel + view.levels);
  // What was cut shows one level below its row, so begin one level above the first shown.
  for (let level = Math.max(0, view.firstLevel - 1); level < last; level++) pen.level(level);
  return pen.boxes();
}

function createPen(layout: FlameLayout, view: FlameView) {
  const { rows, firstOfLevel, childrenEnd } = layout;
  const scale = view.end > view.start ? view.widthPx / (view.end - view.start) : 0;
  const columns = {
    x: float64Column(),
    width: float64Column(),
    level: int32Column(),
    index: int32Column(),
    count: int32Column(),
  };

  function box(level: number, index: number, count: number, [from, to]: readonly number[]): void {
    if (level < view.firstLevel || level >= view.firstLevel + view.levels) return;
    const left = Math.max(0, ((from ?? 0) - view.start) * scale);
    const right = Math.min(view.widthPx, ((to ?? 0) - view.start) * scale);
    columns.x.push(left);
    columns.width.push(Math.max(0, right - left));
    columns.level.push(level);
    columns.index.push(index);
    columns.count.push(count);
  }

  function cut(level: number, index: number, row: number): void {
    const value = cutBelow(layout, row);
    if (value * scale < view.minWidthPx) return;
    const from = childrenEnd[row] ?? 0;
    if (from + value <= view.start || from >= view.end) return;
    box(level + 1, index, 0, [from, from + value]);
  }

  const startAt = (index: number): number => layout.startAt[index] ?? 0;
  const endAt = (index: number): number => layout.endAt[index] ?? 0;

  /** Draws the run of narrow boxes that begins at `index`; gives the place after it. */
  function run(level: number, index: number, below: number): number {
    const narrow = view.minWidthPx / scale;
    let end = endAt(index);
    let next = index + 1;
    while (next < below && startAt(next) < view.end && startAt(next) - end < narrow) {
      if (endAt(next) - startAt(next) >= narrow) break;
      // All that end inside the next sliver are narrow too: leap over them.
      next = firstEndingAfter(layout, startAt(next) + narrow, next + 1, below);
      end = endAt(next - 1);
      if (next < below && startAt(next) < end) break;
    }
    box(level, index, next - index, [startAt(index), end]);
    return next;
  }

  return {
    level(level: number): void {
      const below = firstOfLevel[level + 1] ?? 0;
      let index = firstEndingAfter(layout, view.start, firstOfLevel[level] ?? 0, below);
      while (index < below && startAt(index) < view.end) {
        if ((endAt(index) - startAt(index)) * scale < view.minWidthPx) {
          index = run(level, index, below);
          continue;
        }
        box(level, index, 1, [startAt(index), endAt(index)]);
        cut(level, index, rows[index] ?? 0);
        index++;
      }
    },
    boxes(): FlameBoxes {
      return {
        length: columns.x.length,
        x: columns.x.take(),
        width: columns.width.take(),
        level: columns.level.take(),
        index: columns.index.take(),
        count: columns.count.take(),
      };
    },
  };
}

/** The first place in [from, below) whose row ends after `value`, found by leaps, then by halving. */
function firstEndingAfter(layout: FlameLayout, value: number, from: number, below: number): number {
  const { endAt } = layout;
  const endsAfter = (index: number): boolean => (endAt[index] ?? 0) > value;
  let low = from;
  let leap = 1;
  while (low + leap <= below && !endsAfter(low + leap - 1)) {
    low += leap;
    leap *= 2;
  }
  let high = Math.min(low + leap - 1, below);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endsAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What lies at a point of a flame graph: a row, or what was cut below it. */
export interface FlameHit {
  readonly row: number;
  readonly isCut: boolean;
}

/** What lies at a value on a level, by binary search; `undefined` where nothing does. */
export function hitAt(layout: FlameLayout, level: number, value: number): FlameHit | undefined {
  const row = rowAt(layout, level, value);
  if (row >= 0) return { row, isCut: false };
  const above = rowAt(layout, level - 1, value);
  if (above < 0) return undefined;
  const from = layout.childrenEnd[above] ?? 0;
  return value >= from && value < from + cutBelow(layout, above)
    ? { row: above, isCut: true }
    : undefined;
}

function rowAt(layout: FlameLayout, level: number, value: number): number {
  if (level < 0 || level >= layout.depth) return -1;
  const below = layout.firstOfLevel[level + 1] ?? 0;
  const index = firstEndingAfter(layout, value, layout.firstOfLevel[level] ?? 0, below);
  const isThere = index < below && (layout.startAt[index] ?? 0) <= value;
  return isThere ? (layout.rows[index] ?? -1) : -1;
}
