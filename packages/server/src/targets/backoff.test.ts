import assert from 'node:assert/strict';
import test from 'node:test';
import { createBackoff } from './backoff.ts';

test('a backoff doubles up to its bound, and begins anew when something went well', () => {
  const backoff = createBackoff({ random: () => 1 });
  const waits = Array.from({ length: 8 }, () => backoff.failed());
  assert.deepEqual(waits, [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  assert.equal(backoff.failures, 8);
  backoff.reset();
  assert.equal(backoff.failed(), 800);
});

test('chance takes up to half of a wait away', () => {
  assert.equal(createBackoff({ random: () => 0 }).failed(), 400);
});

test('a backoff waits as long as it was asked to, but not for ever', () => {
  const backoff = createBackoff({ random: () => 1 });
  assert.equal(backoff.failed(5_000), 5_000);
  assert.equal(backoff.failed(1), 1_600);
  assert.equal(backoff.failed(86_400_000), 120_000);
  assert.equal(backoff.failed(Number.POSITIVE_INFINITY), 120_000);
});
