import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createPairTable } from './pair-table.ts';

test('a pair table numbers pairs as they are first seen', () => {
  const table = createPairTable();
  const pairs = [
    [-1, 0],
    [0, -1],
    [-1, 0],
    [7, 7],
    [0, -1],
  ] as const;
  assert.deepEqual(
    pairs.map(([a, b]) => table.intern(a, b)),
    [0, 1, 0, 2, 1],
  );
  assert.equal(table.length, 3);
});

test('a pair table agrees with a map of texts, however it grows', () => {
  const int = fc.oneof(fc.integer({ min: -1, max: 40 }), fc.integer());
  fc.assert(
    fc.property(fc.array(fc.tuple(int, int), { maxLength: 2_000, size: 'max' }), (pairs) => {
      const table = createPairTable();
      const known = new Map<string, number>();
      for (const [a, b] of pairs) {
        const row = known.get(`${a},${b}`) ?? known.size;
        known.set(`${a},${b}`, row);
        assert.equal(table.intern(a, b), row);
      }
      assert.equal(table.length, known.size);
    }),
    { numRuns: 20 },
  );
});
