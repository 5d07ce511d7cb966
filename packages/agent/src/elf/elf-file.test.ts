import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { buildIdsOf } from './build-id.ts';
import { readDebugData } from './debug-data.ts';
import { openDebugFile } from './debug-file.ts';
import { type ReadAt, readElf } from './elf-file.ts';
import { readSymbolTable } from './symbol-table.ts';

/** A small library that every Debian has. */
const LIBRARY = '/lib/x86_64-linux-gnu/libdl.so.2';
const HEADER_BYTES = 64;
/** Headers are objects, so a file of nothing but headers takes a few times its size. */
const MAX_READ_PER_BYTE = 64;

const readerOf =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(offset, offset + length);

const problemsOf = (bytes: Uint8Array): readonly string[] => readElf(readerOf(bytes)).problems;

function changed(changes: Readonly<Record<number, number>>): Uint8Array {
  const bytes = new Uint8Array(readFileSync(LIBRARY));
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  return bytes;
}

test('readElf() says why a file is not one of ours', () => {
  assert.deepEqual(problemsOf(new Uint8Array()), ['expected an ELF file, it is too short']);
  assert.deepEqual(problemsOf(Buffer.alloc(64, '#!/bin/sh\n')), [
    'expected an ELF file, it begins otherwise',
  ]);
  assert.deepEqual(problemsOf(changed({ 4: 1 })), ['expected 64 bits, it is a 32-bit file']);
  assert.deepEqual(problemsOf(changed({ 5: 2 })), ['expected little-endian, it is big-endian']);
});

test('readElf() gives what a cut file still has', () => {
  const bytes = changed({});
  const { value, problems } = readElf(readerOf(bytes.subarray(0, bytes.length - 100)));
  assert.equal(value?.machine, 'x86-64');
  assert.deepEqual(problems, ['the section table is cut']);
  assert.equal(buildIdsOf(value).gnu.length, 40);
});

/** Everything that reads a file's own bytes. */
async function readAll(read: ReadAt): Promise<void> {
  const elf = readElf(read).value;
  if (!elf) return;
  buildIdsOf(elf);
  for (const name of ['.symtab', '.dynsym'] as const) {
    const table = await readSymbolTable(elf, name);
    table?.find(elf.entry);
  }
  await readDebugData(elf);
  openDebugFile(elf, { path: '/none/program', root: '/none' })?.[Symbol.dispose]();
}

test('a damaged file never throws, and little more is read than it has', async () => {
  const whole = new Uint8Array(readFileSync(LIBRARY));
  const table = new DataView(whole.buffer).getUint32(40, true);
  const places = fc.oneof(
    fc.nat(HEADER_BYTES - 1),
    fc.integer({ min: table, max: whole.length - 1 }),
    fc.nat(whole.length - 1),
  );
  const value = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  const changes = fc.array(fc.tuple(places, value), { minLength: 1, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(whole.length), async (bytesChanged, length) => {
      const bytes = whole.slice(0, length % 3 === 0 ? length : whole.length);
      for (const [at, byte] of bytesChanged) bytes[at] = byte;
      let readBytes = 0;
      await readAll((offset, size) => {
        const part = bytes.subarray(offset, offset + size);
        readBytes += part.length;
        return part;
      });
      assert.ok(readBytes <= MAX_READ_PER_BYTE * bytes.length, `${readBytes} of ${bytes.length}`);
    }),
    { numRuns: 300 },
  );
});
