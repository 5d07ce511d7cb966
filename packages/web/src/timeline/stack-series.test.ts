import assert from 'node:assert/strict';
import test from 'node:test';
import { axisUnit, stackSeries } from './stack-series.ts';

test('stackSeries() puts each group on top of those before it', () => {
  assert.deepEqual(
    stackSeries(
      60_000,
      10_000,
      [
        [1, 2, 0],
        [3, 0, 1],
      ],
      10,
    ),
    {
      timeS: [60, 70, 80],
      tops: [
        [10, 20, 0],
        [40, 20, 10],
      ],
    },
  );
  assert.deepEqual(stackSeries(0, 1_000, [], 1), { timeS: [], tops: [] });
});

test('axisUnit() makes cores of CPU time', () => {
  const { scale, name } = axisUnit('nanoseconds', 10_000);
  assert.equal(name, 'cores');
  assert.equal(20e9 * scale, 2);
  assert.deepEqual(axisUnit('bytes', 10_000), { scale: 1, name: 'bytes' });
});
