import assert from 'node:assert/strict';
import test from 'node:test';
import { EagleError } from '@kube-eagle/profile';
import { formatDuration, parseDurationMs, parseTimeMs } from './time.ts';

test('parseDurationMs() reads lengths as Go and Prometheus write them', () => {
  const cases = ['30s', '1h30m', '500ms', '7d', '10', '0.5s', '2w'];
  assert.deepEqual(
    cases.map(parseDurationMs),
    [30_000, 5_400_000, 500, 604_800_000, 10_000, 500, 1_209_600_000],
  );
});

test('parseDurationMs() names what it got when it is no length', () => {
  for (const text of ['', 'soon', '5x', '-3s', '3s!', '1h 30m']) {
    assert.throws(() => parseDurationMs(text), { name: EagleError.name, code: 'invalid_argument' });
  }
});

test('parseTimeMs() reads relative, ISO and epoch times', () => {
  const now = Date.UTC(2026, 2, 12, 3, 12);
  assert.equal(parseTimeMs('now', now), now);
  assert.equal(parseTimeMs('now-1h', now), now - 3_600_000);
  assert.equal(parseTimeMs('2026-03-12T03:12', now), now);
  assert.equal(parseTimeMs('2026-03-12 03:12:00', now), now);
  assert.equal(parseTimeMs('2026-03-12T04:12+01:00', now), now);
  assert.equal(parseTimeMs('2026-03-12', now), Date.UTC(2026, 2, 12));
  assert.equal(parseTimeMs(String(now), 0), now);
  assert.equal(parseTimeMs(String(now / 1_000), 0), now);
});

test('parseTimeMs() refuses what is no time', () => {
  for (const text of ['', 'yesterday', '12:00', '2026-13-45', 'now-', 'now-1y']) {
    assert.throws(() => parseTimeMs(text, 0), { name: EagleError.name, code: 'invalid_argument' });
  }
});

test('formatDuration() is the shortest text in whole units', () => {
  assert.deepEqual([250, 1_000, 90_000, 3_600_000, 90_061_000].map(formatDuration), [
    '250ms',
    '1s',
    '1m30s',
    '1h',
    '1d1h1m1s',
  ]);
});
