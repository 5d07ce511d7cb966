import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { temporaryDir } from '../durable-conformance.ts';
import { drawMerge } from '../store-text.ts';
import { openDuckdbStore } from './duckdb-store.ts';

const ROUNDS = 20;
const ROWS = 20;
const never = new AbortController().signal;

test('after kill -9 every acknowledged batch is there once and none in part', async () => {
  await using place = await temporaryDir();
  const acknowledged = new Set<number>();
  let first = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const told = await appendUntilKilled(place.dir, first);
    for (const batch of told) acknowledged.add(batch);
    const rowsOf = await storedRows(place.dir);
    for (const batch of acknowledged) assert.equal(rowsOf.get(batch), ROWS, `batch ${batch}`);
    for (const [batch, rows] of rowsOf) assert.equal(rows, ROWS, `batch ${batch}`);
    first = Math.max(first, ...rowsOf.keys()) + 1;
  }
  assert.ok(acknowledged.size > ROUNDS);
});

/** Batches that a writer acknowledged before it was killed, some time after its first. */
async function appendUntilKilled(dir: string, first: number): Promise<number[]> {
  const script = new URL('append-until-killed.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dir, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await Promise.race([once(child.stdout, 'data'), exited]);
  await setTimeout(Math.random() * 200);
  child.kill('SIGKILL');
  const [, signal] = await exited;
  assert.equal(signal, 'SIGKILL');
  // A line without its end may be a number cut short.
  return output.split('\n').slice(0, -1).map(Number);
}

/** Rows by batch; each row must have its value once. */
async function storedRows(dir: string): Promise<Map<number, number>> {
  await using store = await openDuckdbStore({ dir, now: Date.now, minFreeBytes: 0 });
  const rowsOf = new Map<number, number>();
  const merged = await store.merge({ matchers: [], fromMs: 0, toMs: 1e15 }, never);
  for (const line of drawMerge(merged)) {
    const [, batch = '', value = ''] = /^cpu batch(\d+);\S+ (\d+)$/.exec(line) ?? [];
    assert.equal(value, '1', line);
    rowsOf.set(Number(batch), (rowsOf.get(Number(batch)) ?? 0) + 1);
  }
  assert.equal((await store.status(never)).rows, merged.samples.length);
  return rowsOf;
}
