import assert from 'node:assert/strict';
import test from 'node:test';
import { CPU, checkProfile, createProfileBuilder, labelsOf } from '@kube-eagle/profile';
import { createLimits } from '../limits.ts';
import { withinTime } from './row-time.ts';

const NOW = Date.UTC(2026, 2, 12);
const DAY = 24 * 3_600_000;

function profileAt(...times: readonly number[]) {
  const builder = createProfileBuilder();
  const series = builder.series(labelsOf([['node', 'a']]), CPU);
  for (const timeMs of times) {
    builder.sample({ timeMs, series, stack: -1, value: 1 });
    builder.quality({
      timeMs,
      series,
      taken: 1,
      lost: 0,
      truncated: 0,
      unsymbolized: 0,
      guessed: 0,
    });
  }
  return builder.finish();
}

test('rows within the limits of time pass as they are', () => {
  const profile = profileAt(NOW - 7 * DAY, NOW, NOW + 600_000);
  const timed = withinTime(profile, NOW, createLimits());
  assert.deepEqual(timed.profile, profile);
  assert.deepEqual([timed.rejectedRows, timed.rejectedProfiles, timed.message], [0, 0, '']);
});

test('rows too old and too new are left out, window by window', () => {
  const old = NOW - 7 * DAY - 1;
  const limits = createLimits();
  const timed = withinTime(profileAt(old, old, NOW, NOW + 600_001), NOW, limits);
  assert.deepEqual([...timed.profile.samples.timeMs], [NOW]);
  assert.deepEqual([...timed.profile.quality.timeMs], [NOW]);
  assert.deepEqual(checkProfile(timed.profile), []);
  assert.deepEqual([timed.rejectedRows, timed.rejectedProfiles], [3, 2]);
  assert.match(timed.message, /rejected 2 rows before and 1 rows after/);
  const hits = limits.list().filter((limit) => limit.hits > 0);
  assert.deepEqual(
    hits.map((limit) => [limit.name, limit.hits]),
    [
      ['row_age', 2],
      ['row_ahead', 1],
    ],
  );
});

test('rows without a time are of now', () => {
  const { profile } = withinTime(profileAt(0, 12_345), NOW, createLimits());
  assert.deepEqual([...profile.samples.timeMs], [NOW, NOW]);
  assert.deepEqual([...profile.quality.timeMs], [NOW, NOW]);
});
