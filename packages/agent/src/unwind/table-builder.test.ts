import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readBuildId } from '../elf/build-id.ts';
import { createTableBuilder } from './table-builder.ts';
import { openTableCache } from './table-cache.ts';
import type { BuiltTable } from './table-of-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
test.after(() => rmSync(folder, { recursive: true }));

const NODE = { openPath: process.execPath, buildId: readBuildId(process.execPath) };

const openCache = (name: string) =>
  openTableCache({ directory: join(folder, name), maxBytes: 1e8, nowMs: Date.now });

/** Nothing waits for the cache, so a test looks until it has been written. */
async function untilWritten(counters: Readonly<Record<string, number>>): Promise<void> {
  while (counters['cacheWrites'] === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

const rowsOf = (built: BuiltTable): number => (built.kind === 'table' ? built.table.length : -1);

test('a table of an earlier run is taken from the cache, and the same', async () => {
  const cache = await openCache('twice');
  await using first = createTableBuilder({ cache });
  const built = await first.build(NODE);
  await untilWritten(cache.counters);
  await using second = createTableBuilder({ cache: await openCache('twice') });
  assert.ok(rowsOf(built) > 1_000);
  assert.equal(rowsOf(await second.build(NODE)), rowsOf(built));
  assert.deepEqual([first.counters['tablesBuilt'], second.counters['tablesBuilt']], [1, 0]);
  assert.equal(second.counters['cacheHits'], 1);
});

test('the vDSO has a table, which is not kept', async () => {
  const cache = await openCache('vdso');
  await using builder = createTableBuilder({ cache });
  const built = await builder.build({ openPath: '', buildId: '' });
  assert.ok(built.kind === 'table' && !built.isLasting);
  assert.deepEqual([cache.counters['cacheWrites'], cache.counters['cacheFailed']], [0, 0]);
});

test('a file that is not the one meant, or not there, gives nothing', async () => {
  await using builder = createTableBuilder();
  const built = await Promise.all([
    builder.build({ ...NODE, buildId: 'b01d'.repeat(10) }),
    builder.build({ ...NODE, openPath: join(folder, 'nothing') }),
  ]);
  assert.deepEqual(
    built.map(({ kind }) => kind),
    ['gone', 'gone'],
  );
});

test('a file that is not ELF, or cut, ends nothing', async () => {
  await using builder = createTableBuilder();
  const text = join(folder, 'text');
  writeFileSync(text, 'no ELF file');
  assert.equal((await builder.build({ openPath: text, buildId: '' })).kind, 'gone');
  assert.ok(rowsOf(await builder.build(NODE)) > 1_000);
});
