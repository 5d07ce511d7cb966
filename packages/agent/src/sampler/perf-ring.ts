import { mapShared, pageSizeBytes, type SystemFailure } from './libbpf.ts';

/** `struct perf_event_mmap_page` of <linux/perf_event.h>: where writer and reader are. */
const HEAD_OFFSET = 1024;
const TAIL_OFFSET = 1032;
const HEADER_BYTES = 8;

/** Called with a record's type, its flags, and what follows its header; good during the call only. */
export type OnPerfRecord = (type: number, misc: number, body: DataView) => void;

export interface PerfRing extends Disposable {
  /** Hands over every record that has come. */
  drain(onRecord: OnPerfRecord): void;
}

/** The ring that the kernel writes a perf event's records to: `pages` of data, a power of two. */
export function openPerfRing(fd: number, pages: number): PerfRing | SystemFailure {
  const pageBytes = pageSizeBytes();
  const sizeBytes = pages * pageBytes;
  const memory = mapShared(fd, { sizeBytes: pageBytes + sizeBytes, isWritable: true });
  if (!('bytes' in memory)) return memory;
  const head = new BigUint64Array(memory.bytes, HEAD_OFFSET, 1);
  const tail = new BigUint64Array(memory.bytes, TAIL_OFFSET, 1);
  const drain = createRecordReader(new Uint8Array(memory.bytes, pageBytes, sizeBytes));
  return {
    drain(onRecord) {
      const from = Number(Atomics.load(tail, 0));
      const to = Number(Atomics.load(head, 0));
      drain(from, to, onRecord);
      Atomics.store(tail, 0, BigInt(to));
    },
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

/**
 * Reads records between two positions of a ring; positions only grow, and what runs over the ring's
 * end goes on at its beginning. Stops at a record whose length can't be one.
 */
export function createRecordReader(
  ring: Uint8Array,
): (from: number, to: number, onRecord: OnPerfRecord) => void {
  // A record's length is 16 bits.
  const whole = new Uint8Array(1 << 16);
  const copied = new DataView(whole.buffer);

  return (from, to, onRecord) => {
    for (let at = from; at + HEADER_BYTES <= to; ) {
      const begin = at % ring.length;
      // Lengths are multiples of 8, so a header is never split.
      const header = new DataView(ring.buffer, ring.byteOffset + begin, HEADER_BYTES);
      const length = header.getUint16(6, true);
      if (length < HEADER_BYTES || length % 8 !== 0 || at + length > to) return;
      const first = ring.subarray(begin, begin + length);
      whole.set(first);
      whole.set(ring.subarray(0, length - first.length), first.length);
      const body = new DataView(copied.buffer, HEADER_BYTES, length - HEADER_BYTES);
      onRecord(header.getUint32(0, true), header.getUint16(4, true), body);
      at += length;
    }
  };
}
