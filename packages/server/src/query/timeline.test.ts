import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import { TimelineRequestSchema } from '@kube-eagle/api';
import { CPU, createProfileBuilder, labelsOf, profileTypeId } from '@kube-eagle/profile';
import { createLimits } from '../limits.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { chosenStepMs, timeline } from './timeline.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const signal = new AbortController().signal;
const profileType = profileTypeId(CPU);

test('chosenStepMs() takes widths that people read, and at most 300 buckets', () => {
  const cases = [1, 10 * SECOND, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 365 * 24 * HOUR];
  assert.deepEqual(
    cases.map((rangeMs) => chosenStepMs(rangeMs) / SECOND),
    [10, 10, 15, 120, 300, 3_600, 172_800],
  );
  assert.ok((100 * 365 * 24 * HOUR) / chosenStepMs(100 * 365 * 24 * HOUR) <= 300);
});

async function storeOf(
  rows: readonly (readonly [service: string, timeMs: number, value: number])[],
) {
  const builder = createProfileBuilder();
  for (const [service, timeMs, value] of rows) {
    const series = builder.series(labelsOf([['service_name', service]]), CPU);
    builder.sample({ timeMs, series, stack: -1, value });
  }
  const store = createMemoryStore();
  await store.append('a', builder.finish(), signal);
  return store;
}

test('a timeline gives the largest groups in buckets that begin at multiples of the step', async () => {
  await using store = await storeOf([
    ['web', 100_000, 1],
    ['web', 119_999, 2],
    ['web', 120_000, 4],
    ['db', 125_000, 9],
    ['tiny', 125_000, 1],
  ]);
  const request = create(TimelineRequestSchema, {
    selection: { profileType, selector: '', fromMs: 101_000, toMs: 139_000 },
    groupBy: ['service_name'],
    stepMs: 20_000,
    limit: 2,
  });
  const { startMs, stepMs, series, leftOut } = await timeline(
    request,
    store,
    createLimits(),
    signal,
  );
  assert.deepEqual([startMs, stepMs, leftOut], [100_000, 20_000, 1]);
  assert.deepEqual(
    series.map(({ labels, values }) => [labels['service_name'], ...values]),
    [
      ['db', 0, 9],
      ['web', 3, 4],
    ],
  );
});

test('steps that would make too many buckets, and names that are none, are refused', async () => {
  await using store = createMemoryStore();
  const selection = { profileType, selector: '', fromMs: 0, toMs: 24 * HOUR };
  for (const wrong of [
    { stepMs: 1 },
    { stepMs: SECOND },
    { stepMs: -5 },
    { stepMs: Number.NaN },
    { groupBy: ['a b'] },
    { groupBy: [''] },
    { groupBy: Array.from({ length: 9 }, (_, at) => `label_${at}`) },
  ]) {
    const request = create(TimelineRequestSchema, { selection, ...wrong });
    await assert.rejects(timeline(request, store, createLimits(), signal), {
      code: 'invalid_argument',
    });
  }
});
