import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IDEMPOTENCY_KEY, ROUTES } from '@kube-eagle/api';
import { CPU, createProfileBuilder, labelsOf, writeOtlp } from '@kube-eagle/profile';
import { type Running, start, temporaryFolder } from './harness.ts';
import { sumsByBatch } from './sums-by-batch.ts';

const ROUNDS = 20;
/** Rows of a batch: enough that a kill falls into the middle of one. */
const ROWS = 2_000;
const READY_MS = 20_000;

/** A batch that adds `ROWS` to the sum of its own series, and to no other. */
function batchOf(id: string, timeMs: number): Uint8Array {
  const builder = createProfileBuilder();
  const series = builder.series(labelsOf([['batch', id]]), CPU);
  for (let row = 0; row < ROWS; row++) {
    const frame = builder.frame({ function: builder.function(`work_${row}`) });
    builder.sample({ timeMs, series, stack: builder.stack(-1, frame), value: 1 });
  }
  return writeOtlp(builder.finish());
}

const startServer = (data: string): Running =>
  start('node', ['packages/server/src/main.ts', '--port', '0', '--data', data]);

async function urlOf(server: Running): Promise<string> {
  const [, port] = await server.waitFor(/"port":(\d+).*"listening"/, READY_MS);
  return `http://127.0.0.1:${port}`;
}

/**
 * Sends batches, four at a time, until the server is gone. Gives the ids that were acknowledged;
 * calls `kill` after some of them, at a moment that is another in each round.
 */
async function sendUntilGone(url: string, round: number, kill: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const killAfter = 1 + (round % 6);
  let next = 0;
  let gone = false;
  const sender = async (): Promise<void> => {
    while (!gone) {
      const id = `${round}-${next++}`;
      const headers = { 'content-type': 'application/x-protobuf', [IDEMPOTENCY_KEY]: id };
      const body = new Uint8Array(batchOf(id, Date.now()));
      const answer = await fetch(`${url}${ROUTES.otlp}`, { method: 'POST', headers, body }).catch(
        () => undefined,
      );
      if (answer?.status === 200) acknowledged.push(id);
      if (acknowledged.length === killAfter) void sleep(7 * (round % 5)).then(kill);
      gone ||= answer === undefined;
    }
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  return acknowledged;
}

test(`a server killed ${ROUNDS} times in the middle of ingest has each acknowledged batch once`, async (t) => {
  using folder = temporaryFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using server = startServer(folder.path);
    const url = await urlOf(server);
    const kill = (): void => void server.child.kill('SIGKILL');
    acknowledged.push(...(await sendUntilGone(url, round, kill)));
    await server.exit;
  }
  await using server = startServer(folder.path);
  const sums = await sumsByBatch(await urlOf(server));
  t.diagnostic(`${acknowledged.length} batches acknowledged, ${sums.size} stored`);
  assert.ok(acknowledged.length > 0);
  for (const id of acknowledged) assert.equal(sums.get(id), ROWS, `batch ${id}`);
  for (const [id, sum] of sums) assert.equal(sum, ROWS, `batch ${id}`);
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.exit, 0);
});
