/** What the kernel tells through a perf event's ring; records of other types are left out. */
export type PerfRecord =
  | PerfSample
  /** Records that found no room. */
  | { readonly kind: 'lost'; readonly count: number }
  /** A process was given another name; by an exec it also became another program. */
  | { readonly kind: 'comm'; readonly pid: number; readonly comm: string; readonly isExec: boolean }
  /** A process, where `pid` is `tid`, or a thread has begun. */
  | { readonly kind: 'fork'; readonly pid: number; readonly tid: number }
  | { readonly kind: 'exit'; readonly pid: number; readonly tid: number }
  /** A process mapped a file to run. */
  | { readonly kind: 'mmap'; readonly pid: number };

export interface PerfSample {
  readonly kind: 'sample';
  readonly pid: number;
  readonly tid: number;
  /** Addresses, the leaf first, without their upper 16 bits. */
  readonly kernel: readonly number[];
  /** Addresses, the leaf first. */
  readonly user: readonly number[];
}

/** PERF_SAMPLE_IP | TID | TIME | CALLCHAIN: what {@link decodePerfRecord} expects samples to hold. */
export const SAMPLE_TYPE = 0x27;

const TYPE = { lost: 2, comm: 3, exit: 4, fork: 7, sample: 9, mmap2: 10 } as const;
const MISC_COMM_EXEC = 1 << 13;
const CALLCHAIN_OFFSET = 24;
/** Where the high halves of PERF_CONTEXT_* lie, and the low ones of those that matter. */
const CONTEXT_HIGH = 0xffff_ffff;
const LOWEST_CONTEXT = 0xffff_f001;
const CONTEXT_KERNEL = -128 >>> 0;
const CONTEXT_USER = -512 >>> 0;

/** Reads the body of a record (perf_event_open(2)); `undefined` for a type not known or a short one. */
export function decodePerfRecord(
  type: number,
  misc: number,
  body: DataView,
): PerfRecord | undefined {
  if (body.byteLength < 8) return undefined;
  const pid = body.getUint32(0, true);
  switch (type) {
    case TYPE.sample:
      return decodeSample(body);
    case TYPE.lost:
      return body.byteLength < 16
        ? undefined
        : { kind: 'lost', count: Number(body.getBigUint64(8, true)) };
    case TYPE.comm:
      return { kind: 'comm', pid, comm: textAt(body, 8), isExec: (misc & MISC_COMM_EXEC) !== 0 };
    case TYPE.exit:
      return body.byteLength < 16 ? undefined : { kind: 'exit', pid, tid: body.getUint32(8, true) };
    case TYPE.fork:
      return body.byteLength < 16 ? undefined : { kind: 'fork', pid, tid: body.getUint32(8, true) };
    case TYPE.mmap2:
      return { kind: 'mmap', pid };
    default:
      return undefined;
  }
}

function textAt(body: DataView, at: number): string {
  const bytes = new Uint8Array(body.buffer, body.byteOffset + at, body.byteLength - at);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function decodeSample(body: DataView): PerfSample | undefined {
  if (body.byteLength < CALLCHAIN_OFFSET + 8) return undefined;
  const pid = body.getUint32(8, true);
  const tid = body.getUint32(12, true);
  const kernel: number[] = [];
  const user: number[] = [];
  const said = body.getUint32(CALLCHAIN_OFFSET, true);
  const room = (body.byteLength - CALLCHAIN_OFFSET - 8) / 8;
  const behind = CALLCHAIN_OFFSET + 8 + Math.floor(Math.min(said, room)) * 8;
  let part: number[] | undefined;
  for (let at = CALLCHAIN_OFFSET + 8; at < behind; at += 8) {
    const low = body.getUint32(at, true);
    const high = body.getUint32(at + 4, true);
    if (high === CONTEXT_HIGH && low >= LOWEST_CONTEXT) {
      part = low === CONTEXT_KERNEL ? kernel : low === CONTEXT_USER ? user : undefined;
    } else {
      part?.push((high & 0xffff) * 2 ** 32 + low);
    }
  }
  return { kind: 'sample', pid, tid, kernel, user };
}
