import assert from 'node:assert/strict';
import test from 'node:test';
import { exportOf } from './export.ts';

const NOW = Date.UTC(2026, 2, 12, 4);
const HOUR = 3_600_000;

test('an export is of all CPU time of the last hour unless it says more', () => {
  const { format, selection } = exportOf({}, NOW);
  assert.equal(format, 'pprof');
  assert.equal(selection.profileType, 'process_cpu:cpu:nanoseconds:cpu:nanoseconds');
  assert.deepEqual([selection.selector, selection.fromMs, selection.toMs], ['', NOW - HOUR, NOW]);
});

test('times are taken as numbers and as people write them', () => {
  const range = (query: Record<string, string>) => {
    const { fromMs, toMs } = exportOf(query, NOW).selection;
    return [fromMs - NOW, toMs - NOW];
  };
  assert.deepEqual(range({ from_ms: String(NOW - 5), to_ms: String(NOW - 1) }), [-5, -1]);
  assert.deepEqual(range({ from: 'now-2h', to: 'now-1h' }), [-2 * HOUR, -HOUR]);
  assert.deepEqual(range({ from_ms: 'now-30m' }), [-HOUR / 2, 0]);
  assert.deepEqual(range({ to: '2026-03-12T03:00' }), [-2 * HOUR, -HOUR]);
});

test('what cannot be meant is refused, what others add is let be', () => {
  exportOf({ seconds: '30' }, NOW);
  for (const wrong of [
    { format: 'svg' },
    { format: 'constructor' },
    { format: ['pprof', 'folded'] },
    { from: 'yesterday' },
    { from_ms: '-5' },
    { selector: ['{}', '{}'] },
  ]) {
    assert.throws(() => exportOf(wrong, NOW), { code: 'invalid_argument' });
  }
});
