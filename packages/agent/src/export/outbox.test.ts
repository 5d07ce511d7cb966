import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type Outbox, type OutboxOptions, openOutbox } from './outbox.ts';

/** An outbox in a folder of its own, and what it said. */
async function open(
  directory: string,
  bounds: Partial<OutboxOptions> = {},
): Promise<{ readonly outbox: Outbox; readonly said: string[] }> {
  const said: string[] = [];
  const outbox = await openOutbox({
    directory,
    maxBytes: 10_000,
    maxBatches: 100,
    maxMemoryBytes: 300,
    nowMs: () => 1_700_000_000_000,
    events: {
      dropped: () => said.push('dropped'),
      garbage: () => said.push('garbage'),
      inMemory: () => said.push('in memory'),
    },
    ...bounds,
  });
  return { outbox, said };
}

const batch = (text: string) => ({ id: randomUUID(), body: Buffer.from(text) });

async function texts(outbox: Outbox): Promise<string[]> {
  const bodies = await Promise.all(outbox.entries().map((entry) => outbox.read(entry)));
  return bodies.map((read) => Buffer.from(read?.body ?? []).toString());
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('batches are there again, in order, after the process ended', () =>
  inFolder(async (folder) => {
    const { outbox } = await open(folder);
    for (const text of ['a', 'b', 'c']) await outbox.add(batch(text));
    const { outbox: again, said } = await open(folder);
    assert.deepEqual(await texts(again), ['a', 'b', 'c']);
    const [, second] = again.entries();
    if (second) await again.remove(second);
    assert.deepEqual(await texts((await open(folder)).outbox), ['a', 'c']);
    assert.deepEqual(said, []);
  }));

test('the oldest go, counted, when there are too many or too much', () =>
  inFolder(async (folder) => {
    const { outbox, said } = await open(folder, { maxBatches: 3 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) await outbox.add(batch(text));
    assert.deepEqual(await texts(outbox), ['c', 'd', 'e']);
    assert.deepEqual(said, ['dropped', 'dropped']);
    const smaller = await open(folder, { maxBytes: 30 });
    await smaller.outbox.add(batch('x'.repeat(25)));
    assert.deepEqual(await texts(smaller.outbox), ['x'.repeat(25)]);
    assert.equal(readdirSync(folder).length, 1);
  }));

test('what is no whole batch is removed, counted, and never read', () =>
  inFolder(async (folder) => {
    const { outbox } = await open(folder);
    for (const text of ['whole', 'to be cut', 'cut while open']) await outbox.add(batch(text));
    const [, second, third] = readdirSync(folder).map((name) => join(folder, name));
    truncateSync(second ?? '', 20);
    const name = `1600000000000-000000-${randomUUID()}.batch`;
    writeFileSync(join(folder, name), 'EAGB\x01 nonsense');
    writeFileSync(join(folder, `${name}.tmp`), '');
    writeFileSync(join(folder, 'of-somebody-else'), '');
    const { outbox: again, said } = await open(folder);
    truncateSync(third ?? '', 5);
    assert.deepEqual(await texts(again), ['whole', '']);
    assert.deepEqual(said, ['garbage', 'garbage', 'garbage', 'garbage']);
    assert.deepEqual(
      readdirSync(folder).filter((each) => !each.endsWith('.batch')),
      ['of-somebody-else'],
    );
  }));

test('a full disk makes batches wait in memory, bounded, and on disk again when there is room', (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root to mount a small file system');
  return inFolder(async (folder) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
    if (mounted.status !== 0) return t.skip(`no mount here: ${mounted.stderr}`);
    try {
      const { outbox, said } = await open(disk);
      writeFileSync(join(disk, 'filler'), Buffer.alloc(16_384));
      for (const text of ['a', 'b', 'c', 'd']) await outbox.add(batch(text.repeat(100)));
      assert.deepEqual(said, ['in memory', 'in memory', 'in memory', 'in memory', 'dropped']);
      rmSync(join(disk, 'filler'));
      await outbox.add(batch('e'));
      assert.deepEqual(
        (await texts(outbox)).map((text) => text.slice(0, 1)),
        ['b', 'c', 'd', 'e'],
      );
      assert.deepEqual(await texts((await open(disk)).outbox), ['e']);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
