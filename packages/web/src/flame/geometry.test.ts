import assert from 'node:assert/strict';
import test from 'node:test';
import {
  contentPx,
  type Geometry,
  levelAt,
  levelsIn,
  ROW_PX,
  scrollTo,
  topOf,
} from './geometry.ts';

const ICICLE: Geometry = {
  growth: 'icicle',
  levels: 30,
  widthPx: 100,
  heightPx: 10 * ROW_PX,
  scrollPx: 0,
};
const FLAME: Geometry = { ...ICICLE, growth: 'flame', scrollPx: 20 * ROW_PX };

test('an icicle hangs from the top, a flame stands on the bottom', () => {
  assert.deepEqual([topOf(ICICLE, 0), topOf(ICICLE, 9)], [0, 9 * ROW_PX]);
  assert.deepEqual([topOf(FLAME, 0), topOf(FLAME, 9)], [9 * ROW_PX, 0]);
  assert.equal(topOf({ ...FLAME, levels: 2, scrollPx: 0 }, 0), 9 * ROW_PX);
});

test('levelAt() undoes topOf()', () => {
  for (const geometry of [ICICLE, FLAME, { ...ICICLE, scrollPx: 33 }]) {
    for (let level = 0; level < 30; level++) {
      assert.equal(levelAt(geometry, topOf(geometry, level) + 1), level);
      assert.equal(levelAt(geometry, topOf(geometry, level) + ROW_PX - 1), level);
    }
  }
});

test('levelsIn() holds every level that is seen', () => {
  for (const base of [ICICLE, FLAME]) {
    for (const scrollPx of [0, 7, 155, contentPx(base) - base.heightPx]) {
      const geometry = { ...base, scrollPx };
      const { firstLevel, levels } = levelsIn(geometry);
      for (let y = 0.5; y < geometry.heightPx; y++) {
        const level = levelAt(geometry, y);
        assert.ok(level >= firstLevel && level < firstLevel + levels);
      }
    }
  }
});

test('scrollTo() moves only as far as needed', () => {
  assert.equal(scrollTo(ICICLE, 5), 0);
  assert.equal(scrollTo(ICICLE, 12), 3 * ROW_PX);
  assert.equal(scrollTo(FLAME, 0), FLAME.scrollPx);
  assert.equal(scrollTo(FLAME, 12), 17 * ROW_PX);
});
