import assert from 'node:assert/strict';
import test from 'node:test';
import { backoffMs, retryAfterMs } from './retry.ts';
import { shareOut } from './share-out.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

test('waits grow by powers of two up to their bound, with full jitter', () => {
  assert.deepEqual(
    [0, 1, 2, 10, 10_000].map((failures) => backoffMs(failures, 60_000, () => 1)),
    [500, 1_000, 2_000, 60_000, 60_000],
  );
  assert.equal(
    backoffMs(3, 60_000, () => 0),
    0,
  );
});

test('Retry-After is read as seconds and as a date, bounded, and nonsense is nothing', () => {
  const cases: Readonly<Record<string, number | undefined>> = {
    '0': 0,
    '7': 7_000,
    '999999999999': 60_000,
    'Thu, 01 Jan 2026 00:00:05 GMT': 5_000,
    'Thu, 01 Jan 2015 00:00:05 GMT': 0,
    soon: undefined,
    '': undefined,
  };
  for (const [header, ms] of Object.entries(cases)) {
    assert.equal(retryAfterMs(header, NOW_MS, 60_000), ms, header);
  }
  assert.equal(retryAfterMs(undefined, NOW_MS, 60_000), undefined);
});

test('shares are whole, in proportion, and their sum is what was shared out', () => {
  assert.deepEqual(shareOut(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(shareOut(1, [1, 99]), [0, 1]);
  assert.deepEqual(shareOut(5, [0, 0]), [0, 0]);
  assert.deepEqual(shareOut(0, [3]), [0]);
  assert.deepEqual(shareOut(7, []), []);
});
