import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { decodeBatchFile } from './batch-file.ts';
import { openOutbox } from './outbox.ts';

const ROUNDS = 10;

/** Writes batches as fast as it can, and the number of each once it is in the outbox. */
const WRITER = `
  const { openOutbox } = await import(process.argv[1]);
  const nothing = () => {};
  const outbox = await openOutbox({
    directory: process.argv[2], maxBytes: 1e9, maxBatches: 1e6, maxMemoryBytes: 0,
    nowMs: Date.now, events: { dropped: nothing, garbage: nothing, inMemory: nothing },
  });
  for (let i = 0; ; i++) {
    await outbox.add({ id: crypto.randomUUID(), body: Buffer.alloc(50_000, i) });
    process.stdout.write('.');
  }`;

test('what was in the outbox is there and whole after kill -9, ten times', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  const outboxUrl = new URL('./outbox.ts', import.meta.url).href;
  try {
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(
        process.execPath,
        ['--input-type=module', '-e', WRITER, '--', outboxUrl, directory],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let written = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        written += chunk.length;
        // In the middle of whatever it does after some batches.
        if (written > 2 + round) child.kill('SIGKILL');
      });
      await once(child, 'close');
      acknowledged += written;
    }
    const garbage: string[] = [];
    const outbox = await openOutbox({
      directory,
      maxBytes: 1e9,
      maxBatches: 1e6,
      maxMemoryBytes: 0,
      nowMs: () => 0,
      events: {
        dropped: () => assert.fail('dropped a batch'),
        garbage: (name) => garbage.push(name),
        inMemory: () => assert.fail('kept a batch in memory'),
      },
    });
    assert.ok(outbox.entries().length >= acknowledged);
    for (const name of readdirSync(directory)) {
      assert.ok(decodeBatchFile(readFileSync(join(directory, name))), name);
    }
    // Only what was not finished yet.
    for (const name of garbage) assert.match(name, /\.tmp$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
