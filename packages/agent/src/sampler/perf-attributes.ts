/**
 * What perf_event_open(2) is asked for: a software clock that ticks while something runs, or, with a
 * rate of 0, nothing but records of processes. The layout is `struct perf_event_attr` of
 * <linux/perf_event.h>.
 */
export interface PerfAttributes {
  readonly rateHz: number;
  /** Of PERF_SAMPLE_*; 0 for an event that only runs a program. */
  readonly sampleType: number;
  readonly flags: readonly (keyof typeof FLAGS)[];
  /** Bytes in the ring at which its reader is woken; 0 for none. */
  readonly wakeupBytes: number;
  /** Of PERF_FORMAT_*: what read(2) gives beside the count. */
  readonly readFormat?: number;
}

/** Positions in the bit field at byte 40. */
const FLAGS = {
  excludeKernel: 5,
  excludeHypervisor: 6,
  excludeIdle: 7,
  mmap: 8,
  comm: 9,
  frequency: 10,
  task: 13,
  watermark: 14,
  excludeKernelCallchain: 21,
  mmap2: 23,
  commExec: 24,
} as const;

const SIZE_BYTES = 128;
const TYPE_SOFTWARE = 1;
const CONFIG_CPU_CLOCK = 0n;
const CONFIG_DUMMY = 9n;

export function encodePerfAttributes(attributes: PerfAttributes): Uint8Array {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes.writeUInt32LE(TYPE_SOFTWARE, 0);
  bytes.writeUInt32LE(SIZE_BYTES, 4);
  bytes.writeBigUInt64LE(attributes.rateHz > 0 ? CONFIG_CPU_CLOCK : CONFIG_DUMMY, 8);
  bytes.writeBigUInt64LE(BigInt(attributes.rateHz), 16);
  bytes.writeBigUInt64LE(BigInt(attributes.sampleType), 24);
  const flags = attributes.flags.reduce((bits, name) => bits | (1n << BigInt(FLAGS[name])), 0n);
  bytes.writeBigUInt64LE(BigInt(attributes.readFormat ?? 0), 32);
  bytes.writeBigUInt64LE(flags, 40);
  bytes.writeUInt32LE(attributes.wakeupBytes, 48);
  return bytes;
}
