import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Store } from './profile-store.ts';
import { batchOf, drawMerge } from './store-text.ts';

const never = new AbortController().signal;
const always = { matchers: [], fromMs: 0, toMs: 1e15 };

/** What a store that keeps its data in a directory must do. */
export function testDurableStore(name: string, openIn: (dir: string) => Promise<Store>): void {
  const draw = async (store: Store): Promise<string[]> =>
    drawMerge(await store.merge(always, never));

  test(`${name}: what was stored is there after it is opened again`, async () => {
    await using place = await temporaryDir();
    const batch = batchOf(
      '1000 cpu pod=a,name=ünï main;work 3',
      '1000 alloc pod=a main 512',
      '1000 cpu pod=a,name=ünï quality 4 3 2 1 2',
    );
    const before = await withStore(openIn, place.dir, async (store) => {
      await store.append('one', batch, never);
      return draw(store);
    });
    await withStore(openIn, place.dir, async (store) => {
      assert.deepEqual(await draw(store), before);
      assert.equal(await store.append('one', batch, never), 'duplicate');
      const next = batchOf('1000 cpu pod=z main;rest 1');
      assert.equal(await store.append('two', next, never), 'stored');
    });
    await withStore(openIn, place.dir, async (store) => {
      const others = (await draw(store)).filter((line) => line !== 'cpu main;rest 1');
      assert.deepEqual(others, before);
      assert.equal((await store.status(never)).stacks, 3);
    });
  });

  test(`${name}: names and ids may hold any character`, async () => {
    await using place = await temporaryDir();
    const batch = batchOf('1 cpu pod=a\0b x\0y 1', '1 cpu pod=a x 2', "1 cpu pod=a ';-- 4");
    const id = 'a\0b\'"';
    const before = await withStore(openIn, place.dir, async (store) => {
      await store.append(id, batch, never);
      return draw(store);
    });
    await withStore(openIn, place.dir, async (store) => {
      assert.equal(await store.append(id, batch, never), 'duplicate');
      assert.deepEqual(await draw(store), before);
      assert.deepEqual(before, ["cpu ';-- 4", 'cpu x\0y 1', 'cpu x 2']);
    });
  });

  test(`${name}: a store that is disposed refuses, and lets others open its directory`, async () => {
    await using place = await temporaryDir();
    const closed = await openIn(place.dir);
    await closed[Symbol.asyncDispose]();
    await using _next = await openIn(place.dir);
    await assert.rejects(closed.append('a', batchOf(), never), { code: 'unavailable' });
    await assert.rejects(closed.merge(always, never), { code: 'unavailable' });
  });

  test(`${name}: half a surrogate pair is one name before and after`, async () => {
    await using place = await temporaryDir();
    const batch = batchOf('1 cpu pod=x\ud83e a\ud83e 1', '1 cpu pod=x a\ufffd 2');
    await withStore(openIn, place.dir, (store) => store.append('one', batch, never));
    await withStore(openIn, place.dir, async (store) => {
      await store.append('two', batch, never);
      assert.deepEqual(await draw(store), ['cpu a\ufffd 6']);
    });
  });
}

/** A directory that is removed when it is disposed. */
export async function temporaryDir(): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'eagle-store-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

async function withStore<T>(
  openIn: (dir: string) => Promise<Store>,
  dir: string,
  run: (store: Store) => Promise<T>,
): Promise<T> {
  await using store = await openIn(dir);
  return await run(store);
}
