import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import {
  createPerfMap,
  MAX_REFRESH_BYTES,
  NO_PERF_MAPS,
  type PerfMap,
  type PerfMapCounters,
} from './perf-map.ts';

const userId = process.getuid?.() ?? 0;

interface Tried extends AsyncDisposable {
  readonly path: string;
  readonly map: PerfMap;
  readonly counters: PerfMapCounters;
  /** Reads the map on; gives the names at addresses. */
  names(...addresses: readonly number[]): Promise<readonly (string | undefined)[]>;
}

/** A map of a file that is not there yet, in a folder of its own. */
function tried(): Tried {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  const path = join(folder, 'perf-1.map');
  const counters = { ...NO_PERF_MAPS };
  const map = createPerfMap(counters);
  return {
    path,
    map,
    counters,
    async names(...addresses) {
      await map.refresh({ path, userId });
      return addresses.map((address) => map.find(address));
    },
    async [Symbol.asyncDispose]() {
      await map[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

test('a map is read on from where it ended, a line that was not whole with its rest', async () => {
  await using file = tried();
  assert.deepEqual([await file.names(0x10), file.map.state], [[undefined], 'missing']);
  writeFileSync(file.path, '10 8 first\n0x20 0x8 sec');
  assert.deepEqual(await file.names(0x10, 0x20), ['first', undefined]);
  appendFileSync(file.path, 'ond größer\n');
  assert.deepEqual(await file.names(0x10, 0x27, 0x28), ['first', 'second größer', undefined]);
  assert.equal(file.counters.perfMapRestarts, 0);
});

test('a map that was cut is read from its start, and keeps what newer lines do not replace', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n20 8 second\n');
  await file.names();
  truncateSync(file.path);
  assert.deepEqual(await file.names(0x10, 0x20), ['first', 'second']);
  writeFileSync(file.path, '20 4 third\n');
  assert.deepEqual(await file.names(0x10, 0x20, 0x24), ['first', 'third', 'second']);
  assert.equal(file.counters.perfMapRestarts, 1);
});

test('a map that was cut and has grown beyond where it was read is read from its start', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n');
  await file.names();
  writeFileSync(file.path, '20 8 another\n30 8 third\n');
  assert.deepEqual(await file.names(0x10, 0x20, 0x30), ['first', 'another', 'third']);
});

test('a map that was cut under its writer has a hole that costs no name', async () => {
  await using file = tried();
  const writer = openSync(file.path, 'w');
  writeSync(writer, `10 8 first\n${'30 8 more\n'.repeat(10_000)}`);
  await file.names();
  ftruncateSync(writer, 0);
  writeSync(writer, '20 8 second\n40 8 third\n');
  assert.deepEqual(await file.names(0x10, 0x20, 0x40), ['first', 'second', 'third']);
});

test('another file in the place of a map is read; without one, the old is read on', async () => {
  await using file = tried();
  const writer = openSync(file.path, 'w');
  writeSync(writer, '10 8 first\n');
  await file.names();
  unlinkSync(file.path);
  writeSync(writer, '20 8 second\n');
  assert.deepEqual(await file.names(0x10, 0x20), ['first', 'second']);
  writeFileSync(`${file.path}.new`, '10 4 new\n');
  renameSync(`${file.path}.new`, file.path);
  assert.deepEqual(await file.names(0x10, 0x14, 0x20), ['new', 'first', 'second']);
  assert.equal(file.map.state, 'read');
});

test('after a restart a file that looks the same is read again', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n30 8 last\n');
  await file.names();
  writeFileSync(file.path, '10 8 other\n30 8 last\n');
  file.map.restart();
  assert.deepEqual(await file.names(0x10), ['other']);
});

test('a map is read on after its process has ended', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n');
  await file.names();
  appendFileSync(file.path, '20 8 second\n');
  await file.map.refresh(undefined);
  assert.equal(file.map.find(0x20), 'second');
});

for (const [what, state, make] of [
  ['a symbolic link', 'behind a link', (path: string) => symlinkSync('/etc/passwd', path)],
  ['a folder', 'not a file', (path: string) => mkdirSync(path)],
  ['a pipe', 'not a file', (path: string) => execFileSync('mkfifo', [path])],
] as const) {
  test(`${what} is no map`, async () => {
    await using file = tried();
    make(file.path);
    await file.names();
    assert.equal(file.map.state, state);
  });
}

test('a map in a folder that is a symbolic link is not read', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n');
  symlinkSync('.', join(file.path, '../link'));
  await file.map.refresh({ path: join(file.path, '../link/perf-1.map'), userId });
  assert.deepEqual([file.map.state, file.map.length], ['behind a link', 0]);
});

test('a map of another user is not believed', async (t) => {
  if (userId !== 0) return t.skip('needs root to give a file away');
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n');
  chownSync(file.path, 65_534, 65_534);
  assert.deepEqual([await file.names(0x10), file.map.state], [[undefined], 'of another user']);
  await file.map.refresh({ path: file.path, userId: 65_534 });
  assert.deepEqual([file.map.find(0x10), file.map.state], ['first', 'read']);
});

test('a map that is longer than is read at one time is finished later, and that is counted', async () => {
  await using file = tried();
  writeFileSync(file.path, '10 8 first\n');
  truncateSync(file.path, MAX_REFRESH_BYTES + 100);
  appendFileSync(file.path, '20 8 second\n');
  assert.deepEqual(await file.names(0x10, 0x20), ['first', undefined]);
  assert.equal(file.counters.perfMapsUnfinished, 1);
  assert.deepEqual(await file.names(0x20), ['second']);
});

test('a line without end costs its own name only', async () => {
  await using file = tried();
  writeFileSync(file.path, `10 8 ${'x'.repeat(2 ** 20)}\n20 8 second\n`);
  const [long = '', second] = await file.names(0x10, 0x20);
  assert.ok(long.startsWith('xxx') && long.length < 10_000);
  assert.equal(second, 'second');
});

/** What may be done to a map between two refreshes. */
const change = fc.oneof(
  fc.record({ how: fc.constant('append'), bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ how: fc.constantFrom('write', 'replace'), bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ how: fc.constant('cut'), bytes: fc.uint8Array({ maxLength: 50 }) }),
);

test('whatever is done to a map, it is read without a failure, and a good line behind it is found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
      await using file = tried();
      writeFileSync(file.path, '');
      for (const { how, bytes } of changes) {
        if (how === 'append') appendFileSync(file.path, bytes);
        else if (how === 'write') writeFileSync(file.path, bytes);
        else if (how === 'cut') truncateSync(file.path, bytes.length);
        else {
          writeFileSync(`${file.path}.new`, bytes);
          renameSync(`${file.path}.new`, file.path);
        }
        await file.names();
      }
      appendFileSync(file.path, '\n7f0000000010 8 good\n');
      assert.deepEqual(await file.names(0x7f0000000010), ['good']);
    }),
    { numRuns: 200 },
  );
});

test('lines in any order and in any pieces name what their newest does', async () => {
  const line = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 20 }));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.nat(60), async (lines, cut) => {
      await using file = tried();
      const text = lines.map(
        ([at, size], row) => `${at.toString(16)} ${size.toString(16)} f${row}\n`,
      );
      const all = text.join('');
      writeFileSync(file.path, all.slice(0, cut));
      await file.names();
      appendFileSync(file.path, all.slice(cut));
      const addresses = Array.from({ length: 64 }, (_, address) => address);
      const expected = addresses.map((address) => {
        const row = lines.findLastIndex(([at, size]) => address >= at && address < at + size);
        return row < 0 ? undefined : `f${row}`;
      });
      assert.deepEqual(await file.names(...addresses), expected);
    }),
    { numRuns: 100 },
  );
});
