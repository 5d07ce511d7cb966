import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePerfRecord } from './perf-record.ts';
import { createRecordReader } from './perf-ring.ts';

/** A body of 64-bit words. */
const words = (...values: readonly bigint[]): DataView => {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) => {
    view.setBigUint64(i * 8, BigInt.asUintN(64, value), true);
  });
  return view;
};

const KERNEL = -128n;
const USER = -512n;
const pid = 42n | (43n << 32n);

test('decodePerfRecord() tells the kernel part of a stack from the user part', () => {
  const body = words(
    ...[0n, pid, 0n, 5n],
    ...[KERNEL, 0xffffffff81000123n, USER, 0x401000n, 0x7f0000001000n],
  );
  assert.deepEqual(decodePerfRecord(9, 0, body), {
    kind: 'sample',
    pid: 42,
    tid: 43,
    kernel: [0xffff81000123],
    user: [0x401000, 0x7f0000001000],
  });
});

test('decodePerfRecord() reads no further than a record goes', () => {
  const body = words(0n, pid, 0n, 1_000_000n, USER, 0x401000n);
  assert.deepEqual(decodePerfRecord(9, 0, body), {
    kind: 'sample',
    pid: 42,
    tid: 43,
    kernel: [],
    user: [0x401000],
  });
});

test('decodePerfRecord() reads names, ends, mappings and losses', () => {
  const comm = words(pid, Buffer.from('nginx\0\0\0').readBigUInt64LE());
  assert.deepEqual(decodePerfRecord(3, 1 << 13, comm), {
    kind: 'comm',
    pid: 42,
    comm: 'nginx',
    isExec: true,
  });
  assert.deepEqual(decodePerfRecord(4, 0, words(42n, 42n, 0n)), { kind: 'exit', pid: 42, tid: 42 });
  assert.deepEqual(decodePerfRecord(7, 0, words(42n, 43n, 0n)), { kind: 'fork', pid: 42, tid: 43 });
  assert.deepEqual(decodePerfRecord(10, 0, words(pid, 0n)), { kind: 'mmap', pid: 42 });
  assert.deepEqual(decodePerfRecord(2, 0, words(7n, 99n)), { kind: 'lost', count: 99 });
});

test('decodePerfRecord() never throws', () => {
  fc.assert(
    fc.property(fc.nat(12), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      decodePerfRecord(type, 0, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    }),
  );
});

test('createRecordReader() puts a record together that runs over the end of the ring', () => {
  const ring = new Uint8Array(32);
  const view = new DataView(ring.buffer);
  const header = (at: number, type: number, size: number): void => {
    view.setUint32(at, type, true);
    view.setUint16(at + 6, size, true);
  };
  header(24, 2, 16);
  view.setBigUint64(0, 7n, true);
  header(8, 9, 8);
  const seen: string[] = [];
  createRecordReader(ring)(24, 48, (type, _misc, body) => {
    seen.push(`${type} ${body.byteLength === 8 ? body.getBigUint64(0, true) : 'empty'}`);
  });
  assert.deepEqual(seen, ['2 7', '9 empty']);
});

test('createRecordReader() ends, whatever the ring holds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(500), (ring, length) => {
      let records = 0;
      createRecordReader(ring)(0, length, () => records++);
      assert.ok(records <= length / 8);
    }),
  );
});
