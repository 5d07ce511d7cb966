import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createCodeRanges, MAX_RANGES } from './code-ranges.ts';

test('find() gives the name of the range that holds an address', () => {
  const ranges = createCodeRanges();
  ranges.add(100, 50, 'a');
  ranges.add(200, 10, 'b');
  assert.deepEqual(
    [99, 100, 149, 150, 200, 209, 210].map((address) => ranges.find(address)),
    [undefined, 'a', 'a', undefined, 'b', 'b', undefined],
  );
});

test('a later range replaces what it overlaps and no more', () => {
  const ranges = createCodeRanges();
  ranges.add(100, 100, 'old');
  ranges.add(120, 20, 'new');
  assert.deepEqual(
    [119, 120, 139, 140, 199].map((address) => ranges.find(address)),
    ['old', 'new', 'new', 'old', 'old'],
  );
});

test('find() agrees with looking at every range, the newest first', () => {
  const range = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 25 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (all) => {
      const ranges = createCodeRanges();
      for (const [row, [start, size]] of all.entries()) ranges.add(start, size, String(row));
      for (let address = 0; address < 90; address++) {
        const row = all.findLastIndex(
          ([start, size]) => address >= start && address < start + size,
        );
        assert.equal(ranges.find(address), row < 0 ? undefined : String(row));
      }
    }),
  );
});

test('ranges that newer ones cover are left out, however often they come again', () => {
  const ranges = createCodeRanges();
  for (let round = 0; round < 100; round++) {
    for (let row = 0; row < 1_000; row++) ranges.add(row * 100, 50, `${row} in ${round}`);
  }
  assert.ok(ranges.length < 5_000, `${ranges.length} kept`);
  assert.deepEqual([ranges.find(70_010), ranges.forgotten], ['700 in 99', 0]);
});

test('of more ranges than may be kept, the oldest are forgotten and counted', () => {
  const ranges = createCodeRanges();
  const added = MAX_RANGES + 10;
  for (let row = 0; row < added; row++) ranges.add(row * 100, 50, String(row));
  assert.equal(ranges.length + ranges.forgotten, added);
  assert.deepEqual(
    [ranges.find(0), ranges.find((added - 1) * 100)],
    [undefined, String(added - 1)],
  );
});
