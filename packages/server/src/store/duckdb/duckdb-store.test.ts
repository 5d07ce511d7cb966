import { testProfileStore } from '../conformance.ts';
import { temporaryDir, testDurableStore } from '../durable-conformance.ts';
import type { Store } from '../profile-store.ts';
import { openDuckdbStore } from './duckdb-store.ts';

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
