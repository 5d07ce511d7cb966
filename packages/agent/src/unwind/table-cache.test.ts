import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openElf } from '../elf/open-elf.ts';
import { buildUnwindTable } from './build-table.ts';
import { openTableCache, type TableCache } from './table-cache.ts';
import { encodeTable } from './table-file.ts';
import type { UnwindTable } from './unwind-table.ts';

const ID = 'b01d'.repeat(10);
const MAX_BYTES = 1e6;

/** A table of `length` rows 4 bytes apart, with two rules. */
function tableOf(length: number): UnwindTable {
  return {
    length,
    pc: Uint32Array.from({ length }, (_, row) => row * 4),
    rule: Uint16Array.from({ length }, (_, row) => row % 2),
    rules: {
      length: 2,
      cfa: Uint8Array.of(0, 1),
      fp: Uint8Array.of(0, 1),
      cfaOffset: Int32Array.of(0, 16),
      fpOffset: Int16Array.of(0, -16),
    },
    base: 0x40_0000,
    skipped: 3,
  };
}

/** Time after that of the file system, which goes on by a second with every look at it. */
function createClock(): () => number {
  let now = 4_000_000_000_000;
  return () => {
    now += 1_000;
    return now;
  };
}

async function inFolder(
  work: (folder: string, open: (maxBytes?: number) => Promise<TableCache>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kube-eagle-'));
  const directory = join(folder, 'tables');
  const nowMs = createClock();
  try {
    await work(directory, (maxBytes = MAX_BYTES) => openTableCache({ directory, maxBytes, nowMs }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a table is there again, as it was, for the next process', () =>
  inFolder(async (folder, open) => {
    const cache = await open();
    await cache.keep(ID, tableOf(1_001));
    assert.deepEqual(await cache.find(ID), tableOf(1_001));
    assert.deepEqual(await (await open()).find(ID), tableOf(1_001));
    assert.equal(await cache.find('0'.repeat(40)), undefined);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(folder), [`${ID}.table`]);
  }));

test('the table of a real file comes back as it was built', () =>
  inFolder(async (_folder, open) => {
    using file = openElf(process.execPath).value;
    const table = file && buildUnwindTable(file.elf);
    assert.ok(table);
    const cache = await open(1e8);
    await cache.keep(ID, table);
    assert.deepEqual(await cache.find(ID), table);
  }));

test('beyond the bound those used longest ago go, and are counted', () =>
  inFolder(async (folder, open) => {
    const ids = [1, 2, 3].map((number) => String(number).repeat(40));
    const sizeBytes = encodeTable(ID, tableOf(100)).length;
    const first = await open();
    for (const id of ids) await first.keep(id, tableOf(100));
    await first.find(ids[0] ?? '');
    const cache = await open(sizeBytes * 2);
    const found = await Promise.all(ids.map((id) => cache.find(id)));
    assert.deepEqual(
      found.map((table) => table !== undefined),
      [true, false, true],
    );
    await cache.keep(ID, tableOf(100));
    assert.equal(cache.counters['cacheEvicted'], 2);
    assert.equal(readdirSync(folder).length, 2);
  }));

test('a file that is cut, changed, of another version or of another file is removed and counted', () =>
  inFolder(async (folder, open) => {
    const whole = encodeTable(ID, tableOf(50));
    const changes: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
      () => new Uint8Array(0),
      (bytes) => bytes.subarray(0, 20),
      (bytes) => bytes.subarray(0, -1),
      (bytes) => Uint8Array.of(...bytes, 0),
      ...Array.from({ length: whole.length }, (_, at) => (bytes: Uint8Array) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 0x41;
        return changed;
      }),
      () => encodeTable('0'.repeat(40), tableOf(50)),
    ];
    await (await open()).keep(ID, tableOf(50));
    for (const change of changes) {
      writeFileSync(join(folder, `${ID}.table`), change(whole));
      const cache = await open();
      assert.equal(await cache.find(ID), undefined);
      assert.deepEqual([cache.counters['cacheDamaged'], readdirSync(folder)], [1, []]);
    }
  }));

test('a table that cannot be true is refused even where its check sum holds', () =>
  inFolder(async (folder, open) => {
    const table = tableOf(50);
    await (await open()).keep(ID, table);
    const hostile: readonly UnwindTable[] = [
      { ...table, pc: table.pc.toReversed() },
      { ...table, pc: new Uint32Array(50) },
      { ...table, rule: table.rule.map(() => 2) },
      { ...table, rules: { ...table.rules, cfa: Uint8Array.of(0, 200) } },
      { ...table, rules: { ...table.rules, fp: Uint8Array.of(0, 200) } },
      { ...table, base: Number.NaN },
      { ...table, base: -4096 },
      { ...table, length: 2 ** 32 - 1 },
    ];
    for (const each of hostile) {
      writeFileSync(join(folder, `${ID}.table`), encodeTable(ID, each));
      const cache = await open();
      assert.equal(await cache.find(ID), undefined);
      assert.equal(cache.counters['cacheDamaged'], 1);
    }
  }));

test('what an end in the middle of a write left goes; files of others stay', () =>
  inFolder(async (folder, open) => {
    await (await open()).keep(ID, tableOf(5));
    const unfinished = join(folder, `${'1'.repeat(40)}.table.tmp`);
    renameSync(join(folder, `${ID}.table`), unfinished);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await open();
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
  }));

test('a disk that takes nothing costs the cache only, and is counted', () =>
  inFolder(async (folder) => {
    const file = `${folder}-file`;
    writeFileSync(file, '');
    const options = { directory: join(file, 'tables'), maxBytes: MAX_BYTES, nowMs: createClock() };
    const cache = await openTableCache(options);
    await cache.keep(ID, tableOf(5));
    assert.equal(await cache.find(ID), undefined);
    assert.equal(cache.counters['cacheFailed'], 1);
    assert.equal(readFileSync(file, 'latin1'), '');
  }));

test('no name leads out of the directory', () =>
  inFolder(async (folder, open) => {
    const cache = await open();
    for (const id of ['', '../../escaped', 'a/b', 'ABCDEF0123']) await cache.keep(id, tableOf(5));
    assert.deepEqual(readdirSync(folder), []);
  }));
