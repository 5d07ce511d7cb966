import assert from 'node:assert/strict';
import test from 'node:test';
import type { Executable } from '../sampler/sampler.ts';
import type { FileSymbols, FoundFunction } from './file-symbols.ts';
import { createSymbolCache } from './symbol-cache.ts';

const executable = (buildId: string): Executable => ({
  path: `/bin/${buildId}`,
  openPath: `/proc/1/root/bin/${buildId}`,
  buildId,
});

const named = (name: string): FoundFunction => ({ name, file: '', line: 0, isGo: false });

/** A table of 10 bytes that names odd addresses only. */
const table: FileSymbols = {
  source: '.symtab',
  sizeBytes: 10,
  omitted: 3,
  [Symbol.dispose]: () => {},
  find: (address) => (address % 2 === 1 ? [named(`f${address}`)] : []),
};

test('a name is looked up once, and so is the lack of one', async () => {
  const cache = createSymbolCache({ maxBytes: 100, open: async () => table });
  const first = await cache.resolve(executable('a'), [1, 2]);
  assert.deepEqual(
    [...first],
    [
      [1, [named('f1')]],
      [2, []],
    ],
  );
  await cache.resolve(executable('a'), [1, 2]);
  const { hits, misses, loads, omitted } = cache.counters;
  assert.deepEqual({ hits, misses, loads, omitted }, { hits: 2, misses: 2, loads: 1, omitted: 3 });
});

test('the table used longest ago gives way, its names do not', async () => {
  const opened: string[] = [];
  const cache = createSymbolCache({
    maxBytes: 20,
    open: async ({ buildId }) => {
      opened.push(buildId);
      return table;
    },
  });
  for (const file of ['a', 'b', 'a', 'c', 'b', 'a']) await cache.resolve(executable(file), [1]);
  assert.deepEqual(opened, ['a', 'b', 'c']);
  assert.equal(cache.counters.evictions, 1);
  await cache.resolve(executable('b'), [3]);
  assert.deepEqual(opened, ['a', 'b', 'c', 'b']);
});

test('a file that cannot be opened just now is tried again', async () => {
  const answers = [undefined, table];
  const cache = createSymbolCache({ maxBytes: 20, open: async () => answers.shift() });
  assert.equal((await cache.resolve(executable('a'), [1])).get(1), undefined);
  assert.deepEqual((await cache.resolve(executable('a'), [1])).get(1), [named('f1')]);
});

test('names of one file beyond the bound make the older ones go', async () => {
  const cache = createSymbolCache({ maxBytes: 20, open: async () => table });
  const range = (from: number): number[] => Array.from({ length: 15_000 }, (_, i) => from + i);
  await cache.resolve(executable('a'), range(0));
  const names = await cache.resolve(executable('a'), range(15_000));
  assert.equal(names.size, 15_000);
  assert.equal(cache.counters.forgotten, 15_000);
});
