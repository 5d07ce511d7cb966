import assert from 'node:assert/strict';
import test from 'node:test';
import { CPU, createProfileBuilder, truncationName } from '@kube-eagle/profile';
import { createLimits } from '../limits.ts';
import { createSilentTelemetry } from '../telemetry.ts';
import { countStacks } from './count-stacks.ts';

test('metrics tell stacks by quality, and cut ones by cause but not by file', async () => {
  const builder = createProfileBuilder();
  const series = builder.series([], CPU, 10);
  const markers = [
    truncationName('no unwind table', 'liba.so'),
    truncationName('no unwind table', 'libb.so'),
    'of another profiler',
  ];
  for (const name of markers) {
    const frame = builder.frame({ function: builder.function(name), kind: 'abort-marker' });
    const leaf = builder.frame({ function: builder.function('f'), kind: 'native' });
    const stack = builder.stack(builder.stack(-1, frame), leaf);
    builder.sample({ timeMs: 0, series, stack, value: 20 });
  }
  builder.sample({ timeMs: 0, series, stack: -1, value: 40 });
  builder.quality({
    timeMs: 0,
    series,
    taken: 10,
    lost: 1,
    truncated: 6,
    unsymbolized: 2,
    guessed: 3,
  });
  const telemetry = createSilentTelemetry(createLimits());
  countStacks(builder.finish(), telemetry.metrics);
  const { text } = await telemetry.exposition();
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('kube_eagle_stacks')),
    [
      'kube_eagle_stacks_total{quality="taken"} 10',
      'kube_eagle_stacks_total{quality="lost"} 1',
      'kube_eagle_stacks_total{quality="truncated"} 6',
      'kube_eagle_stacks_total{quality="unsymbolized"} 2',
      'kube_eagle_stacks_total{quality="guessed"} 3',
      'kube_eagle_stacks_cut_total{cause="no unwind table"} 4',
      'kube_eagle_stacks_cut_total{cause="other"} 2',
    ],
  );
});
