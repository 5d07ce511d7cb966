import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Segment } from '../elf/elf-file.ts';
import { biasOf, type CodeRange, findRange } from './address-space.ts';

const range = (start: number, end: number): CodeRange => ({ start, end, file: undefined, bias: 0 });
const load = (offset: number, address: number, fileSize: number, flags = 5): Segment => ({
  type: 1,
  flags,
  offset,
  address,
  fileSize,
  memorySize: fileSize,
});

test('findRange() finds the range an address lies in, its end excluded', () => {
  const ranges = [range(10, 20), range(20, 30), range(40, 50)];
  const starts = [5, 10, 19, 20, 29, 30, 40, 49, 50].map((at) => findRange(ranges, at)?.start);
  assert.deepEqual(starts, [undefined, 10, 10, 20, 20, undefined, 40, 40, undefined]);
  assert.equal(findRange([], 5), undefined);
});

test('biasOf() gives addresses as the file has them', () => {
  // As a linker lays out a program whose segments begin within a page.
  const segments = [load(0, 0x400000, 0x600), load(0x600, 0x401600, 0x2000)];
  const bias = biasOf(segments, { start: 0x7f0000401000, offset: 0 }) ?? Number.NaN;
  assert.equal(0x7f0000401000 - bias, 0x400000);
  const second = biasOf(segments.slice(1), { start: 0x7f0000402000, offset: 0 }) ?? Number.NaN;
  assert.equal(0x7f0000402600 - second, 0x401600);
  assert.equal(biasOf(segments, { start: 0x7f0000402000, offset: 0x10000 }), undefined);
});

test('biasOf() takes the segment of code where one of data ends in the same page', () => {
  // As lld lays out a program: no page between them in the file, one in memory.
  const segments = [load(0, 0, 0x14e8c, 4), load(0x14e90, 0x15e90, 0x40000)];
  assert.equal(biasOf(segments, { start: 0x5000, offset: 0x14000 }), 0x5000 - 0x15000);
  // A piece of it, as where part of a mapping was made writable.
  assert.equal(biasOf(segments, { start: 0x9000, offset: 0x18000 }), 0x9000 - 0x19000);
});
