import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testProfileStore } from './conformance.ts';
import { createMemoryStore } from './memory-store.ts';
import { batchOf } from './store-text.ts';

const never = new AbortController().signal;

testProfileStore('memory', async () => createMemoryStore());

test('the oldest batches make room for new ones and are counted', async () => {
  await using store = createMemoryStore({ maxRows: 2 });
  for (const id of ['a', 'b', 'c']) {
    await store.append(id, batchOf(`1 cpu pod=${id} main 1`), never);
  }
  const series = await store.series({ matchers: [], fromMs: 0, toMs: 9 }, never);
  assert.deepEqual(
    series.flatMap(({ labels }) => labels.map(({ value }) => value)),
    ['b', 'c'],
  );
  const { rows, limits } = await store.status(never);
  assert.deepEqual([rows, limits[0]?.hits], [2, 1]);
});
