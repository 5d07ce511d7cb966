import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { after } from 'node:test';
import { controlStoreConformance } from './conformance.ts';
import { openSqliteControlStore } from './sqlite-control-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-control-'));
after(() => rmSync(directory, { recursive: true }));

let files = 0;
const nextPath = (): string => join(directory, `${++files}.sqlite`);

controlStoreConformance(
  'sqlite',
  async () => openSqliteControlStore(nextPath()),
  async (store) => {
    await store[Symbol.asyncDispose]();
    return openSqliteControlStore(join(directory, `${files}.sqlite`));
  },
);

test('a file of a later version is refused', () => {
  const path = nextPath();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => openSqliteControlStore(path), { code: 'failed_precondition' });
});

test('a file that is no database, and one that cannot be made, are refused', () => {
  const path = nextPath();
  writeFileSync(path, 'no database at all, but long enough to be taken for one'.repeat(100));
  assert.throws(() => openSqliteControlStore(path), { code: 'unavailable' });
  assert.throws(() => openSqliteControlStore(join(directory, 'none', 'a.sqlite')), {
    code: 'unavailable',
  });
});
