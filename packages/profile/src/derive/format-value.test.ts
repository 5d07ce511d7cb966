import assert from 'node:assert/strict';
import test from 'node:test';
import { formatShare, formatValue } from './format-value.ts';

test('formatValue() chooses a unit that people read', () => {
  assert.deepEqual(
    [0, 7, 1_234, 5.5e6, 1.234e9, 9e10, 7.2e12].map((ns) => formatValue(ns, 'nanoseconds')),
    ['0 ns', '7 ns', '1.23 µs', '5.5 ms', '1.23 s', '1.5 min', '2 h'],
  );
  assert.equal(formatValue(1536, 'bytes'), '1.5 KiB');
  assert.equal(formatValue(12_345, 'samples'), '12.3 k samples');
  assert.equal(formatValue(-2e9, 'nanoseconds'), '-2 s');
  assert.equal(formatValue(3, 'count'), '3');
});

test('formatShare() is a percentage of a whole', () => {
  assert.deepEqual(
    [formatShare(1, 8), formatShare(0, 0), formatShare(1, 1e6), formatShare(-1, 4)],
    ['12.5 %', '0.0 %', '<0.1 %', '-25.0 %'],
  );
});
