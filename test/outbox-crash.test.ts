import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, temporaryFolder } from './harness.ts';
import { sumsByBatch } from './sums-by-batch.ts';

const ROUNDS = 20;
const READY_MS = 20_000;

test(`an agent killed ${ROUNDS} times loses no batch it has kept and sends none twice`, async (t) => {
  using folder = temporaryFolder();
  await using server = start('node', [
    ...['packages/server/src/main.ts', '--port', '0', '--data', `${folder.path}/server`],
  ]);
  const [, port] = await server.waitFor(/"port":(\d+).*"listening"/, READY_MS);
  const url = `http://127.0.0.1:${port}`;
  const childArgs = (mode: string): string[] => [
    ...['test/outbox-child.ts', `${folder.path}/outbox`, url, mode],
  ];
  const kept: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using child = start('node', childArgs('fill'));
    await child.waitFor(/ready/, READY_MS);
    await sleep(15 * (round % 10));
    child.child.kill('SIGKILL');
    await child.exit;
    kept.push(...[...child.stdout().matchAll(/^kept (\S+)$/gm)].map(([, name = '']) => name));
  }
  await using last = start('node', childArgs('drain'));
  assert.equal(await last.exit, 0, last.output());

  const sums = await sumsByBatch(url);
  t.diagnostic(`${kept.length} batches kept, ${sums.size} stored`);
  assert.ok(kept.length >= ROUNDS);
  for (const name of kept) assert.equal(sums.get(name), 1, `batch ${name}`);
  for (const [name, sum] of sums) assert.equal(sum, 1, `batch ${name}`);
});
