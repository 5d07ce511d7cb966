import type { CodePlace } from '../runtimes/cpython/code-names.ts';
import type { CodeFile, ExecutableTable } from './executable-table.ts';
import type { GeneratedCode, Unwinder } from './generated-code.ts';
import type { Image, ImageId, ImageTable } from './image-table.ts';
import type { Pythons } from './pythons.ts';
import { STACK_ENDS, type StackEnd } from './sampler.ts';
import type { WindowBuilder } from './window-builder.ts';

/** The structs of bpf/layout.h, byte for byte. */

const MAX_MAPPINGS = 64;
const PROCESS_HEADER_BYTES = 24;
const MAPPING_BYTES = 24;
const UNUSED_START = 0x7fff_ffff_ffff_ffffn;

/** Largest number of a file in a frame: 20 bits. */
const MAX_EXECUTABLE = 0xfffff;

/** Size of `struct process`. */
export const PROCESS_BYTES: number =
  PROCESS_HEADER_BYTES + MAX_MAPPINGS * 8 + MAX_MAPPINGS * MAPPING_BYTES;
/** Size of `struct stack`. */
export const STACK_BYTES = 2088;
/** Size of `struct stat_slots`, one a possible CPU. */
export const STATS_BYTES = 64;

/** Slots of `enum stat`. */
const STATS = {
  samples: 0,
  lost: 1,
  runNs: 2,
  frames: 3,
  eventsLost: 4,
  guesses: 5,
  pythonLeft: 6,
  pythonUnreadable: 7,
} as const;

const SPACE = { raw: 0, file: 1, anonymous: 2, python: 3 } as const;

/** `enum generated`. */
const GENERATED: Readonly<Record<Unwinder, number>> = {
  'frame pointer': 1,
  'host frame': 2,
  'own stack': 3,
  none: 4,
  guess: 5,
};

/** A file whose number has no room in a frame is left to be looked up when stacks are drained. */
function spaceOf(file: CodeFile | undefined): number {
  if (!file) return SPACE.anonymous;
  return file.number <= MAX_EXECUTABLE ? SPACE.file : SPACE.raw;
}

/** A host beyond the mappings that the program has is none. */
const reachable = (generated: GeneratedCode): GeneratedCode =>
  generated.host < MAX_MAPPINGS ? generated : { unwinder: 'none', host: 0 };

/** `struct process`: the ranges of an image that the program looks addresses up in. */
export function encodeProcess(image: Image): Uint8Array {
  const bytes = Buffer.alloc(PROCESS_BYTES);
  const ranges = image.ranges.slice(0, MAX_MAPPINGS);
  bytes.writeBigUInt64LE(BigInt(image.id.startTicks), 0);
  bytes.writeUInt32LE(image.id.pid, 8);
  bytes.writeUInt32LE(image.id.execId, 12);
  bytes.writeUInt32LE(image.ranges.length > MAX_MAPPINGS ? 1 : 0, 16);
  for (let i = 0; i < MAX_MAPPINGS; i++) {
    const start = ranges[i]?.start;
    const at = PROCESS_HEADER_BYTES + i * 8;
    bytes.writeBigUInt64LE(start === undefined ? UNUSED_START : BigInt(start), at);
  }
  const { unwinder, host } = reachable(image.generated);
  ranges.forEach(({ end, bias, file }, i) => {
    const at = PROCESS_HEADER_BYTES + MAX_MAPPINGS * 8 + i * MAPPING_BYTES;
    bytes.writeBigUInt64LE(BigInt(end), at);
    bytes.writeBigInt64LE(BigInt(file ? bias : GENERATED[unwinder]), at + 8);
    bytes.writeUInt32LE(file?.number ?? host, at + 16);
    bytes.writeUInt32LE(spaceOf(file), at + 20);
  });
  return bytes;
}

const join = (high: number, low: number): number => high * 2 ** 32 + low;

/** `struct image` at a byte. */
function imageIdAt(bytes: DataView, at: number): ImageId {
  return {
    startTicks: join(bytes.getUint32(at + 4, true), bytes.getUint32(at, true)),
    pid: bytes.getUint32(at + 8, true),
    execId: bytes.getUint32(at + 12, true),
  };
}

/** `struct event`: an image, and what the kernel calls it. */
export interface ImageEvent {
  readonly id: ImageId;
  readonly comm: string;
  /** Key of a stack whose names are wanted at once; absent for an image the program does not know. */
  readonly stack: Uint8Array | undefined;
}

/** Reads `struct event`. */
export function decodeEvent(bytes: Uint8Array): ImageEvent {
  const comm = Buffer.from(bytes.subarray(16, 32)).toString('utf8');
  const stack = Uint8Array.from(bytes.subarray(32, 40));
  return {
    id: imageIdAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0),
    comm: comm.slice(0, Math.max(0, comm.indexOf('\0'))),
    stack: stack.some((byte) => byte !== 0) ? stack : undefined,
  };
}

/** What the addresses of a stack are looked up in. */
export interface StackTables {
  readonly images: ImageTable;
  readonly executables: Pick<ExecutableTable, 'get'>;
  readonly pythons: Pick<Pythons, 'name'>;
}

const FRAMES_OFFSET = 40;

/** Adds `struct stack` at a byte to a window. */
export function addStack(
  bytes: DataView,
  at: number,
  { images, executables, pythons }: StackTables,
  builder: WindowBuilder,
): void {
  const id = imageIdAt(bytes, at + 8);
  const image = images.get(id) ?? images.read(id, '');
  const user = at + FRAMES_OFFSET + bytes.getUint32(at + 24, true) * 8;
  const behind = user + bytes.getUint32(at + 28, true) * 8;
  for (let frame = at + FRAMES_OFFSET; frame < user; frame += 8) {
    const high = bytes.getUint32(frame + 4, true) & 0xffff;
    const address = join(high, bytes.getUint32(frame, true));
    // All but the first are return addresses.
    builder.kernelFrame(frame === at + FRAMES_OFFSET ? address : address - 1);
  }
  let end: StackEnd = STACK_ENDS[bytes.getUint32(at + 32, true)] ?? 'bad_frame';
  for (let frame = user; frame < behind; frame += 8) {
    const high = bytes.getUint32(frame + 4, true);
    if (high >>> 28 === SPACE.python) {
      builder.interpretedFrame(pythons.name(image, pythonPlaceAt(bytes, frame)));
      frame += 8;
      continue;
    }
    const word = { high, low: bytes.getUint32(frame, true), image, executables };
    if (addUserFrame(word, builder)) continue;
    end = image.isGone ? 'no_process' : 'no_mapping';
    break;
  }
  builder.stack(image, join(bytes.getUint32(at + 4, true), bytes.getUint32(at, true)), end);
}

/** The two words of a Python frame. */
function pythonPlaceAt(bytes: DataView, at: number): CodePlace {
  return {
    code: join(bytes.getUint32(at + 4, true) & 0xfff_ffff, bytes.getUint32(at, true)),
    firstLine: bytes.getUint32(at + 12, true),
    instruction: bytes.getInt32(at + 8, true),
  };
}

/** One user frame; false where nothing is known of its address. */
function addUserFrame(
  frame: {
    readonly high: number;
    readonly low: number;
    readonly image: Image;
    readonly executables: Pick<ExecutableTable, 'get'>;
  },
  builder: WindowBuilder,
): boolean {
  const { high, low } = frame;
  switch (high >>> 28) {
    case SPACE.file: {
      const file = frame.executables.get((high >>> 8) & MAX_EXECUTABLE);
      if (file) builder.fileFrame(file, join(high & 0xff, low));
      return file !== undefined;
    }
    case SPACE.anonymous:
      builder.anonymousFrame(join(high & 0xfffffff, low));
      return true;
    default:
      return builder.userFrame(frame.image, join(high & 0xfffffff, low));
  }
}

/** Sums of each slot over all CPUs, by the bytes of a per-CPU look-up. */
export function sumStats(bytes: Uint8Array): Readonly<Record<keyof typeof STATS, number>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sum = (slot: number): number => {
    let total = 0;
    for (let at = slot * 8; at < bytes.length; at += STATS_BYTES) {
      total += join(view.getUint32(at + 4, true), view.getUint32(at, true));
    }
    return total;
  };
  return {
    samples: sum(STATS.samples),
    lost: sum(STATS.lost),
    runNs: sum(STATS.runNs),
    frames: sum(STATS.frames),
    eventsLost: sum(STATS.eventsLost),
    guesses: sum(STATS.guesses),
    pythonLeft: sum(STATS.pythonLeft),
    pythonUnreadable: sum(STATS.pythonUnreadable),
  };
}
