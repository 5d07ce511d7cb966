import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { matcher } from '@kube-eagle/profile';
import fc from 'fast-check';
import { testProfileStore } from '../conformance.ts';
import { temporaryDir, testDurableStore } from '../durable-conformance.ts';
import { createMemoryStore } from '../memory-store.ts';
import type { Store } from '../profile-store.ts';
import { batchOf, drawMerge, drawSeries, drawTimeline } from '../store-text.ts';
import { openDuckdbStore } from './duckdb-store.ts';
import { databasePath } from './session.ts';

const openIn = (dir: string): Promise<Store> =>
  openDuckdbStore({ dir, now: Date.now, minFreeBytes: 0 });

testProfileStore('duckdb', async () => {
  const place = await temporaryDir();
  const store = await openIn(place.dir);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
});

testDurableStore('duckdb', openIn);

const never = new AbortController().signal;
const always = { matchers: [], fromMs: 0, toMs: 1e15 };

test('a directory that this process has open is refused', async () => {
  await using place = await temporaryDir();
  {
    await using _store = await openIn(place.dir);
    await assert.rejects(openIn(join(place.dir, '.')), { code: 'failed_precondition' });
  }
  await using _again = await openIn(place.dir);
});

test('a directory that another process has open is refused', async () => {
  await using place = await temporaryDir();
  const script = new URL('append-until-killed.ts', import.meta.url).pathname;
  const other = spawn(process.execPath, [script, place.dir, '0'], { stdio: 'pipe' });
  await once(other.stdout, 'data');
  await assert.rejects(openIn(place.dir), {
    code: 'failed_precondition',
    message: /another process has this data directory open/,
  });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await using _store = await openIn(place.dir);
});

test('a store of the first format is brought to the newest, and keeps what it has', async () => {
  await using place = await temporaryDir();
  {
    await using store = await openIn(place.dir);
    await store.append('a', batchOf('1000 cpu - main 1', '1000 cpu - quality 4 3 2 1 1'), never);
  }
  const instance = await DuckDBInstance.create(databasePath(place.dir));
  const connection = await instance.connect();
  await connection.run('ALTER TABLE windows DROP COLUMN guessed');
  await connection.run('UPDATE format SET version = 1');
  connection.closeSync();
  instance.closeSync();
  await using store = await openIn(place.dir);
  await store.append('b', batchOf('1000 cpu - quality 1 0 0 0 1'), never);
  assert.deepEqual(drawMerge(await store.merge(always, never)), [
    'cpu main 1',
    'cpu quality 5 3 2 1 1',
  ]);
});

test('a store of a newer format is refused and left as it is', async () => {
  await using place = await temporaryDir();
  {
    await using _store = await openIn(place.dir);
  }
  const instance = await DuckDBInstance.create(databasePath(place.dir));
  const connection = await instance.connect();
  await connection.run('UPDATE format SET version = 99');
  connection.closeSync();
  instance.closeSync();
  await assert.rejects(openIn(place.dir), {
    code: 'failed_precondition',
    message: /expected a store of format \d+ or less, got 99/,
  });
});

test('a file that is no database is told as damage', async () => {
  await using place = await temporaryDir();
  await writeFile(databasePath(place.dir), 'not a database '.repeat(1000));
  await assert.rejects(openIn(place.dir), { code: 'data_loss' });
});

test('a batch with more series than there is room for is refused, others of its group are not', async () => {
  await using place = await temporaryDir();
  await using store = await openDuckdbStore({
    dir: place.dir,
    now: Date.now,
    minFreeBytes: 0,
    dictionary: { series: 2 },
  });
  const outcomes = await Promise.allSettled([
    store.append('a', batchOf('1 cpu pod=a main 1'), never),
    store.append('bcd', batchOf('1 cpu pod=b x 1', '1 cpu pod=c x 1', '1 cpu pod=d x 1'), never),
    store.append('a2', batchOf('2 cpu pod=a main 2'), never),
  ]);
  assert.deepEqual(
    outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
    ['stored', 'resource_exhausted', 'stored'],
  );
  assert.deepEqual(drawMerge(await store.merge(always, never)), ['cpu main 3']);
  const { limits } = await store.status(never);
  assert.equal(limits.find(({ name }) => name === 'store_series')?.hits, 1);
});

test('batches wait for the disk only up to a bound', async () => {
  await using place = await temporaryDir();
  const writer = { waitingRows: 3, groupRows: 1 };
  await using store = await openDuckdbStore({
    dir: place.dir,
    now: Date.now,
    minFreeBytes: 0,
    writer,
  });
  const batch = batchOf('1 cpu pod=a x 1', '1 cpu pod=a y 1');
  const outcomes = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((id) => store.append(id, batch, never)),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  const merged = await store.merge(always, never);
  const [x = ''] = drawMerge(merged);
  assert.ok(refused.length > 0);
  assert.equal(x, `cpu x ${4 - refused.length}`);
  const { limits } = await store.status(never);
  const { hits } = limits.find(({ name }) => name === 'store_waiting_rows') ?? {};
  assert.equal(hits, refused.length);
});

test('rows that expire make room for others', async () => {
  await using place = await temporaryDir();
  await using store = await openIn(place.dir);
  const sizes: number[] = [];
  for (let round = 1; round <= 6; round++) {
    const lines = Array.from(
      { length: 40_000 },
      (_, row) => `${round} cpu pod=p${row % 50} f${(row * 7919) % 4001};g ${row}`,
    );
    await store.append(`batch${round}`, batchOf(...lines), never);
    assert.equal(await store.expire(round, never), round > 1 ? 40_000 : 0);
    sizes.push((await store.status(never)).sizeBytes);
  }
  const [, second = 0] = sizes;
  assert.ok((sizes.at(-1) ?? 0) <= 1.5 * second, `sizes: ${sizes.join(' ')}`);
});

test('a query that is given up leaves the store to others', async () => {
  await using place = await temporaryDir();
  await using store = await openIn(place.dir);
  await store.append('a', batchOf('1 cpu pod=a main 1'), never);
  const patience = new AbortController();
  const queries = Array.from({ length: 20 }, () => store.merge(always, patience.signal));
  patience.abort();
  for (const query of await Promise.allSettled(queries)) assert.equal(query.status, 'rejected');
  assert.deepEqual(drawMerge(await store.merge(always, never)), ['cpu main 1']);
});

test('random batches add up as in the memory store', async () => {
  const line = fc
    .record({
      timeMs: fc.integer({ min: 0, max: 50 }),
      type: fc.constantFrom('cpu', 'alloc'),
      labels: fc.constantFrom('-', 'pod=a', 'pod=b', 'pod=a,node=n', 'node=n'),
      stack: fc.constantFrom('-', 'a', 'a;b', 'a;b;c', 'b;a', 'c;c;c', 'quality'),
      value: fc.integer({ min: 0, max: 1000 }),
    })
    .map(({ timeMs, type, labels, stack, value }) =>
      [timeMs, type, labels, stack, value].join(' '),
    );
  const batches = fc.array(fc.array(line, { maxLength: 30 }), { maxLength: 5 });
  const edge = fc.integer({ min: -5, max: 55 });
  const pod = fc.constantFrom('', 'a', 'b');
  await fc.assert(
    fc.asyncProperty(batches, edge, edge, pod, async (lines, fromMs, toMs, value) => {
      await using place = await temporaryDir();
      await using duckdb = await openIn(place.dir);
      await using memory = createMemoryStore();
      const query = { fromMs, toMs, matchers: [matcher('pod', '=', value)] };
      const answers = await Promise.all(
        [duckdb, memory].map(async (store) => {
          for (const [id, batch] of lines.entries()) {
            await store.append(String(id), batchOf(...batch), never);
          }
          const timeline = { ...query, toMs: fromMs + 20, stepMs: 7, groupBy: ['node'] };
          return [
            drawMerge(await store.merge(query, never)),
            drawSeries(await store.series(query, never)),
            drawTimeline(await store.timeline(timeline, never)),
          ];
        }),
      );
      assert.deepEqual(answers[0], answers[1]);
    }),
    { numRuns: 25 },
  );
});
