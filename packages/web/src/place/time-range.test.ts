import assert from 'node:assert/strict';
import test from 'node:test';
import { rangeName, readRange, timeText, widened } from './time-range.ts';

const NOW = Date.UTC(2026, 2, 12, 12);
const HOUR = 3_600_000;

test('readRange() reads both ends at one moment', () => {
  assert.deepEqual(readRange('now-1h', 'now', NOW), {
    kind: 'range',
    range: { fromMs: NOW - HOUR, toMs: NOW },
  });
});

test('readRange() says what is wrong', () => {
  const messageOf = (from: string, to: string): string => {
    const read = readRange(from, to, NOW);
    return read.kind === 'problem' ? read.message : '';
  };
  assert.match(messageOf('now', 'now-1h'), /^expected a begin before the end/);
  assert.match(messageOf('yesterday', 'now'), /^expected a time such as/);
});

test('timeText() is read back as the same second', () => {
  const read = readRange(timeText(NOW - HOUR), timeText(NOW), 0);
  assert.deepEqual(read.kind === 'range' && read.range, { fromMs: NOW - HOUR, toMs: NOW });
});

test('widened() doubles a range and ends no later than now', () => {
  const range = { fromMs: NOW - 3 * HOUR, toMs: NOW - 2 * HOUR };
  assert.deepEqual(widened(range, NOW), { fromMs: NOW - 3.5 * HOUR, toMs: NOW - 1.5 * HOUR });
  assert.deepEqual(widened({ fromMs: NOW - HOUR, toMs: NOW }, NOW), {
    fromMs: NOW - 2 * HOUR,
    toMs: NOW,
  });
});

test('rangeName() has a word for quick ranges only', () => {
  assert.equal(rangeName('now-1h', 'now', undefined), 'Last hour');
  assert.equal(rangeName('now-90m', 'now', undefined), 'now-90m to now');
});
