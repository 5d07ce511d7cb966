import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EagleError } from '@kube-eagle/profile';
import { createMemoryStore } from './memory-store.ts';
import { type RetentionRound, runRetention } from './retention.ts';
import { batchOf, drawMerge } from './store-text.ts';

const never = new AbortController().signal;

test('rows older than they are kept are deleted, also after a round that failed', async () => {
  await using store = createMemoryStore();
  const batch = batchOf('1000 cpu pod=a old 1', '2000 cpu pod=a new 1');
  await store.append('one', batch, never);
  const rounds: RetentionRound[] = [];
  const stop = new AbortController();
  let isDown = true;
  const flaky = {
    status: store.status,
    expire: async (beforeMs: number, signal: AbortSignal) => {
      if (!isDown) return store.expire(beforeMs, signal);
      isDown = false;
      throw new EagleError('unavailable', 'the disk is full');
    },
  };
  const onRound = (round: RetentionRound): void => {
    rounds.push(round);
    if (rounds.length === 3) stop.abort();
  };
  const options = { retentionMs: 100, everyMs: 1, now: () => 2100, onRound };
  await runRetention(flaky, options, stop.signal);
  assert.deepEqual(
    rounds.map((round) => (round.kind === 'deleted' ? round.rows : 'failed')),
    ['failed', 1, 0],
  );
  const merged = await store.merge({ matchers: [], fromMs: 0, toMs: 1e15 }, never);
  assert.deepEqual(drawMerge(merged), ['cpu new 1']);
});
