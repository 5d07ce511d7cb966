import { EagleError } from '@kube-eagle/profile';
import { type BpfMap, mapShared, pageSizeBytes, type SharedMemory, watchFd } from './libbpf.ts';

/** Bits of a record's header, and how records are laid out (kernel/bpf/ringbuf.c). */
const IS_BUSY = 0x8000_0000;
const IS_DISCARDED = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;
const HEADER_BYTES = 8;
/** Records handled in one go, so that the event loop gets its turn. */
const MAX_RECORDS_A_TURN = 32;

export interface EventRing extends Disposable {
  /** Hands over what has come, a bounded number of records; whether there is more. */
  drain(): boolean;
}

function mapped(map: BpfMap, sizeBytes: number, offset: number): SharedMemory {
  const memory = mapShared(map.fd, { sizeBytes, offset, isWritable: offset === 0 });
  if ('bytes' in memory) return memory;
  throw new EagleError('internal', `expected to map the event ring, got ${memory.error}`);
}

/**
 * Reads a BPF ring buffer by shared memory and calls back for each record as it comes. The bytes
 * are the kernel's and only good during the call.
 */
export function openEventRing(
  map: BpfMap,
  sizeBytes: number,
  onRecord: (bytes: Uint8Array) => void,
): EventRing {
  const pageBytes = pageSizeBytes();
  const consumer = mapped(map, pageBytes, 0);
  // The data is mapped twice in a row, so no record is ever split.
  const producer = mapped(map, pageBytes + 2 * sizeBytes, pageBytes);
  const consumed = new BigUint64Array(consumer.bytes, 0, 1);
  const produced = new BigUint64Array(producer.bytes, 0, 1);
  const headers = new Uint32Array(producer.bytes, pageBytes);
  let position = Number(Atomics.load(consumed, 0));

  function drain(): boolean {
    const end = Number(Atomics.load(produced, 0));
    let records = 0;
    while (position < end && records < MAX_RECORDS_A_TURN) {
      const at = position % sizeBytes;
      const header = Atomics.load(headers, at / 4);
      if (header & IS_BUSY) break;
      const length = header & LENGTH_MASK;
      if (!(header & IS_DISCARDED)) {
        onRecord(new Uint8Array(producer.bytes, pageBytes + at + HEADER_BYTES, length));
      }
      position += (length + HEADER_BYTES + 7) & ~7;
      records++;
    }
    if (records > 0) Atomics.store(consumed, 0, BigInt(position));
    return position < end && records === MAX_RECORDS_A_TURN;
  }

  // What is left is readable still, so the loop comes back for it.
  const watch = watchFd(map.fd, drain);
  return {
    drain,
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      producer[Symbol.dispose]();
      consumer[Symbol.dispose]();
    },
  };
}
