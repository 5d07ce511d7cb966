/**
 * Appends batches to a store until it is killed, and tells each one as soon as it is acknowledged.
 * For the crash test: `node append-until-killed.ts DIR FIRST_BATCH`.
 */
import { writeSync } from 'node:fs';
import { batchOf } from '../store-text.ts';
import { openDuckdbStore } from './duckdb-store.ts';

const [dir = '', first = '0'] = process.argv.slice(2);
const never = new AbortController().signal;

/** Rows of a batch, each with a stack of its own. */
const ROWS = 20;
/** Large enough to make the database move its log into the file every now and then. */
const FILLER = 'x'.repeat(4000);

const store = await openDuckdbStore({ dir, now: Date.now, minFreeBytes: 0 });
let next = Number(first);

async function appendForever(): Promise<void> {
  for (;;) {
    const batch = next++;
    const lines = Array.from(
      { length: ROWS },
      (_, row) => `${batch} cpu pod=a batch${batch};${row}${FILLER} 1`,
    );
    await store.append(`batch${batch}`, batchOf(...lines), never);
    writeSync(1, `${batch}\n`);
  }
}

await Promise.all([appendForever(), appendForever(), appendForever()]);
