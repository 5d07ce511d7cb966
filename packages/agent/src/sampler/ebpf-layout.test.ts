import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  decodeEvent,
  encodeProcess,
  PROCESS_BYTES,
  STACK_BYTES,
  STATS_BYTES,
  sumStats,
} from './ebpf-layout.ts';
import { ebpfCapacity } from './ebpf-object.ts';
import { PYTHON_BYTES } from './ebpf-python.ts';
import type { Image } from './image-table.ts';

const image = (ranges: Image['ranges']): Image => ({
  id: { pid: 42, startTicks: 2 ** 33 + 5, execId: 3 },
  process: { pid: 42, startTicks: 0, comm: 'a', exe: '', containerId: '', unit: '' },
  ranges,
  generated: { unwinder: 'frame pointer', host: 0 },
  isGone: false,
});

/** Size that a struct of layout.h has by its members, none of which needs padding here. */
function sizeInC(name: string): number {
  const layout = readFileSync(new URL('../bpf/layout.h', import.meta.url), 'utf8');
  const constant = (text: string): number =>
    Number(new RegExp(`${text} = (\\d+)`).exec(layout)?.[1] ?? text);
  const sizes: Readonly<Record<string, number>> = { u64: 8, u32: 4 };
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(layout)?.[1] ?? '';
  let size = 0;
  for (const [, type = '', members = ''] of body.matchAll(/^\t((?:struct )?\w+) ([^;]+);/gm)) {
    const each = sizes[type] ?? sizeInC(type.replace('struct ', ''));
    for (const member of members.split(','))
      size += each * constant(/\[(\w+)\]/.exec(member)?.[1] ?? '1');
  }
  return size;
}

test('the structs are as large as the program has them', () => {
  assert.equal(sizeInC('process'), PROCESS_BYTES);
  assert.equal(sizeInC('stack'), STACK_BYTES);
  assert.equal(sizeInC('stat_slots'), STATS_BYTES);
  assert.equal(sizeInC('python'), PYTHON_BYTES);
});

test('encodeProcess() writes who it is, and starts that a search finds', () => {
  const bytes = Buffer.from(
    encodeProcess(image([{ start: 0x1000, end: 0x2000, file: undefined, bias: 0 }])),
  );
  assert.equal(bytes.readBigUInt64LE(0), 2n ** 33n + 5n);
  assert.equal(bytes.readUInt32LE(8), 42);
  assert.equal(bytes.readUInt32LE(12), 3);
  assert.equal(bytes.readBigUInt64LE(16), 0n);
  assert.equal(bytes.readBigUInt64LE(24), 0x1000n);
  assert.equal(bytes.readBigUInt64LE(32), 2n ** 63n - 1n);
});

test('encodeProcess() says when not every mapping fits', () => {
  const ranges = Array.from({ length: 65 }, (_, i) => ({
    start: i * 4096,
    end: i * 4096 + 4096,
    file: undefined,
    bias: 0,
  }));
  assert.equal(encodeProcess(image(ranges))[16], 1);
  assert.equal(encodeProcess(image(ranges.slice(1)))[16], 0);
});

test('decodeEvent() reads an image and its name', () => {
  const bytes = Buffer.alloc(40);
  bytes.writeBigUInt64LE(77n, 0);
  bytes.writeUInt32LE(42, 8);
  bytes.writeUInt32LE(1, 12);
  bytes.write('nginx', 16);
  assert.deepEqual(decodeEvent(bytes), {
    id: { pid: 42, startTicks: 77, execId: 1 },
    comm: 'nginx',
    stack: undefined,
  });
  bytes[32] = 7;
  assert.deepEqual(decodeEvent(bytes).stack, Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0));
});

test('sumStats() adds up the CPUs', () => {
  const bytes = Buffer.alloc(STATS_BYTES * 2);
  bytes.writeBigUInt64LE(5n, 0);
  bytes.writeBigUInt64LE(6n, STATS_BYTES);
  bytes.writeBigUInt64LE(1n, STATS_BYTES + 8);
  const { samples, lost } = sumStats(bytes);
  assert.deepEqual({ samples, lost }, { samples: 11, lost: 1 });
});

test('ebpfCapacity() has room for every sample of a window, within bounds', () => {
  const request = { rateHz: 99, windowMs: 10_000, pids: [] };
  assert.deepEqual(ebpfCapacity(request, 2), { stacks: 2_475, images: 2_048 });
  assert.deepEqual(ebpfCapacity(request, 256), { stacks: 16_384, images: 8_192 });
  assert.deepEqual(ebpfCapacity({ ...request, rateHz: 1 }, 1), { stacks: 1_024, images: 2_048 });
});
