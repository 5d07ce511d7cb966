import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTupleTable } from './tuple-table.ts';

test('a tuple keeps the number it got first', () => {
  const tuple = fc.tuple(fc.integer({ min: -2, max: 30 }), fc.integer({ min: -2, max: 30 }));
  fc.assert(
    fc.property(fc.array(tuple, { maxLength: 2000 }), (tuples) => {
      const table = createTupleTable(2, 1e6);
      const numbers = new Map<string, number>();
      for (const each of tuples) {
        const key = each.join();
        const expected = numbers.get(key) ?? numbers.size;
        numbers.set(key, expected);
        assert.equal(table.intern(Int32Array.from(each)), expected);
      }
      assert.equal(table.length, numbers.size);
    }),
    { numRuns: 30 },
  );
});

test('the cells are the tuples in order, also after the table grew', () => {
  const table = createTupleTable(3, 1e6);
  for (let row = 0; row < 5000; row++) table.intern(Int32Array.of(row, -row, row % 7));
  assert.deepEqual([...table.cells.subarray(4999 * 3, 5000 * 3)], [4999, -4999, 4999 % 7]);
});

test('a full table still finds its tuples, refuses new ones and counts them', () => {
  const table = createTupleTable(1, 2);
  const got = [5, 6, 7, 5, 8].map((value) => table.intern(Int32Array.of(value)));
  assert.deepEqual(got, [0, 1, -1, 0, -1]);
  assert.equal(table.refused, 2);
});
