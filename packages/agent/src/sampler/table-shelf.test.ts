import assert from 'node:assert/strict';
import { fstatSync, openSync } from 'node:fs';
import test from 'node:test';
import type { BpfMap } from './libbpf.ts';
import { createTableShelf } from './table-shelf.ts';

/** The map of maps as the kernel has it: tables by the number of an executable. */
function createMapOfMaps(room: number) {
  const tables = new Map<number, number>();
  const numberOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32LE();
  const update: BpfMap['update'] = (key, value) => {
    if (tables.size >= room && !tables.has(numberOf(key))) return false;
    tables.set(numberOf(key), numberOf(value));
    return true;
  };
  const map: BpfMap = {
    fd: -1,
    update,
    put: async (key, value) => update(key, value),
    delete: (key) => {
      tables.delete(numberOf(key));
    },
    remove: async (key) => {
      tables.delete(numberOf(key));
    },
    lookup: (key) => tables.has(numberOf(key)),
    take: () => ({ count: 0, isLast: true }),
  };
  return { map, tables };
}

const newTable = (sizeBytes = 1) => ({ fd: openSync('/dev/null', 'r'), sizeBytes });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('executables of one build share a table', async () => {
  const { map, tables } = createMapOfMaps(10);
  await using shelf = createTableShelf(map);
  const table = newTable();
  shelf.keep('libc', table);
  await Promise.all([shelf.link(1, 'libc'), shelf.link(2, 'libc'), shelf.link(2, 'libc')]);
  assert.deepEqual(
    [...tables],
    [1, 2].map((executable) => [executable, table.fd]),
  );
});

test('the table that was used least recently goes first, and its descriptor with it', async () => {
  const { map, tables } = createMapOfMaps(10);
  await using shelf = createTableShelf(map, { tableBytes: 20, links: 10 });
  const [first, second, third] = [newTable(10), newTable(10), newTable(10)];
  shelf.keep('first', first);
  await shelf.link(1, 'first');
  shelf.keep('second', second);
  await shelf.link(2, 'second');
  shelf.use(1);
  shelf.keep('third', third);
  await shelf.link(3, 'third');
  await turn();
  assert.deepEqual([...tables.keys()], [1, 3]);
  assert.throws(() => fstatSync(second.fd), { code: 'EBADF' });
  assert.equal(shelf.find('second'), undefined);
  const { tables: count, tableBytes, tablesEvicted } = shelf.counters;
  assert.deepEqual(
    { count, tableBytes, tablesEvicted },
    { count: 2, tableBytes: 20, tablesEvicted: 1 },
  );
});

test('a new executable takes the place of the one met longest ago', async () => {
  const { map, tables } = createMapOfMaps(2);
  await using shelf = createTableShelf(map, { tableBytes: 20, links: 2 });
  shelf.keep('libc', newTable());
  for (const executable of [1, 2]) await shelf.link(executable, 'libc');
  shelf.use(1);
  await shelf.link(3, 'libc');
  assert.deepEqual([...tables.keys()], [1, 3]);
  assert.equal(shelf.counters['linksEvicted'], 1);
});

test('a link that the kernel refuses is counted and can be tried again', async () => {
  const { map, tables } = createMapOfMaps(1);
  await using shelf = createTableShelf(map);
  shelf.keep('libc', newTable());
  await shelf.link(1, 'libc');
  await shelf.link(2, 'libc');
  assert.equal(shelf.counters['linksRefused'], 1);
  tables.clear();
  await shelf.link(2, 'libc');
  assert.deepEqual([...tables.keys()], [2]);
});

test('nothing is left when the shelf is disposed', async () => {
  const { map, tables } = createMapOfMaps(10);
  const table = newTable();
  {
    await using shelf = createTableShelf(map);
    shelf.keep('libc', table);
    void shelf.link(1, 'libc');
  }
  assert.equal(tables.size, 0);
  assert.throws(() => fstatSync(table.fd), { code: 'EBADF' });
});
