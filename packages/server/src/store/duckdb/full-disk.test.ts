import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDir } from '../durable-conformance.ts';
import type { Store } from '../profile-store.ts';
import { batchOf, drawMerge } from '../store-text.ts';
import { openDuckdbStore } from './duckdb-store.ts';

const never = new AbortController().signal;
const always = { matchers: [], fromMs: 0, toMs: 1e15 };
const ROWS = 50;

test('a full disk refuses batches whole, answers queries, and takes batches when there is room', async (t) => {
  await using disk = await smallDisk(t, '48m');
  if (!disk) return;
  const ballast = join(disk.dir, 'ballast');
  await writeFile(ballast, Buffer.alloc(24 << 20));
  const dir = join(disk.dir, 'data');
  const acknowledged = new Set<number>();
  let nowMs = 0;
  const open = () => openDuckdbStore({ dir, now: () => nowMs, minFreeBytes: 0 });
  {
    await using store = await open();
    let refused = 0;
    for (let batch = 0; refused < 5; batch++) {
      nowMs += 60_000;
      if (await isStored(store, batch)) acknowledged.add(batch);
      else refused++;
      if (refused > 0) assert.deepEqual(await storedBatches(store), acknowledged);
    }
    await rm(ballast);
    for (let batch = 10_000; batch < 10_010; batch++) {
      nowMs += 60_000;
      assert.ok(await isStored(store, batch));
      acknowledged.add(batch);
    }
    assert.deepEqual(await storedBatches(store), acknowledged);
  }
  await using again = await open();
  assert.deepEqual(await storedBatches(again), acknowledged);
});

test('a disk with little room is left alone until there is more', async (t) => {
  await using disk = await smallDisk(t, '24m');
  if (!disk) return;
  const ballast = join(disk.dir, 'ballast');
  const dir = join(disk.dir, 'data');
  await using store = await openDuckdbStore({ dir, now: Date.now, minFreeBytes: 8 << 20 });
  await writeFile(ballast, Buffer.alloc(18 << 20));
  await assert.rejects(store.append('a', batchOf('1 cpu pod=a main 1'), never), {
    code: 'unavailable',
    message: /expected 8388608 free bytes/,
  });
  await rm(ballast);
  assert.equal(await store.append('a', batchOf('1 cpu pod=a main 1'), never), 'stored');
});

test('a directory that cannot be written is told when the store is opened', async (t) => {
  await using disk = await smallDisk(t, '8m');
  if (!disk) return;
  const dir = join(disk.dir, 'data');
  await mkdir(dir);
  execFileSync('mount', ['-o', 'remount,ro', disk.dir]);
  await assert.rejects(openDuckdbStore({ dir, now: Date.now }), {
    code: 'unavailable',
    message: /read-only/i,
  });
});

/** A file system of its own; skips the test where none may be mounted. */
async function smallDisk(
  t: TestContext,
  size: string,
): Promise<(AsyncDisposable & { readonly dir: string }) | undefined> {
  const place = await temporaryDir();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place.dir], {
      stdio: 'pipe',
    });
  } catch {
    await place[Symbol.asyncDispose]();
    t.skip('a tmpfs has to be mounted, which takes root');
    return undefined;
  }
  return {
    dir: place.dir,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [place.dir]);
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Random names, so that nothing of it can be compressed away. */
async function isStored(store: Store, batch: number): Promise<boolean> {
  const lines = Array.from(
    { length: ROWS },
    () => `1 cpu pod=a batch${batch};${randomBytes(1500).toString('hex')} 1`,
  );
  const [outcome] = await Promise.allSettled([
    store.append(`batch${batch}`, batchOf(...lines), never),
  ]);
  if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'unavailable');
  return outcome.status === 'fulfilled';
}

async function storedBatches(store: Store): Promise<Set<number>> {
  const rows = new Map<number, number>();
  for (const line of drawMerge(await store.merge(always, never))) {
    const batch = Number(/batch(\d+);/.exec(line)?.[1]);
    rows.set(batch, (rows.get(batch) ?? 0) + 1);
  }
  for (const [batch, count] of rows) assert.equal(count, ROWS, `batch ${batch}`);
  return new Set([...rows.keys()].sort((a, b) => a - b));
}
