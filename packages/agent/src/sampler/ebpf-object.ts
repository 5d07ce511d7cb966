import { readFile } from 'node:fs/promises';
import { EagleError } from '@kube-eagle/profile';
import { ebpfFilter } from './ebpf-filter.ts';
import { type BpfObject, loadBpfObject, perfEventOpen } from './libbpf.ts';
import { readLockdown } from './machine-facts.ts';
import { encodePerfAttributes } from './perf-attributes.ts';
import type { SampleRequest } from './sampler.ts';
import { createTickWatch, TIME_ENABLED } from './tick-watch.ts';

/** Objects of bpf/ by the processor that Node names so. */
const OBJECT_ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };

const MIN_STACKS = 1_024;
const MAX_STACKS = 16_384;
const MIN_IMAGES = 2_048;
const MAX_IMAGES = 8_192;
const IMAGES_A_CPU = 512;

/** Rules of all unwind tables together; some thousand are met on a desktop. */
export const MAX_KERNEL_RULES = 16_384;
/** Executables with an unwind table in the kernel. */
export const MAX_KERNEL_TABLES = 2_048;

/** Threads whose Python frames are found at once; of others they are searched for again. */
const PYTHON_THREADS = 8_192;

const EVERY_PROCESS = -1;

/** Size of the ring that tells of new processes, as bpf/state.h declares it. */
export const EVENT_RING_BYTES = 65_536;

/** How much the maps hold, in entries. */
export interface EbpfCapacity {
  /** Distinct stacks of one window, in each of two maps. */
  readonly stacks: number;
  readonly images: number;
}

/**
 * Room for every sample of a window to be another stack, within bounds: some 5 MB for 2 CPUs at
 * 19 Hz and 10 s, 70 MB at most.
 */
export function ebpfCapacity(request: SampleRequest, cpus: number): EbpfCapacity {
  const due = cpus * request.rateHz * (request.windowMs / 1_000);
  return {
    stacks: clamp(Math.ceil(due * 1.25), MIN_STACKS, MAX_STACKS),
    images: clamp(cpus * IMAGES_A_CPU, MIN_IMAGES, MAX_IMAGES),
  };
}

const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value));

/** The program's 32-bit constants and the keys of its maps. */
export function uint32Bytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/**
 * Loads the sampling program for a request; nothing is sampled yet. Throws `failed_precondition`
 * where it cannot be loaded here.
 */
export async function loadSampleObject(
  request: SampleRequest,
  { stacks, images }: EbpfCapacity,
): Promise<BpfObject> {
  const arch = OBJECT_ARCH[process.arch];
  if (arch === undefined) {
    throw new EagleError('failed_precondition', `expected x64 or arm64, got ${process.arch}`);
  }
  if (readLockdown() === 'confidentiality') {
    // The verifier would only say that it knows no helper of that name.
    throw new EagleError(
      'failed_precondition',
      'expected a kernel that lets BPF programs read memory, got lockdown=confidentiality; boot with lockdown=integrity or none',
    );
  }
  const { kinds, choices } = ebpfFilter(request);
  const bytes = await readFile(new URL(`../bpf/sample.${arch}.bpf.o`, import.meta.url));
  const object = await loadBpfObject(bytes, {
    maxEntries: {
      processes: images,
      announced: images,
      chosen: Math.max(1, choices.length),
      pythons: images,
      python_threads: PYTHON_THREADS,
      stacks_0: stacks,
      stacks_1: stacks,
      rules: MAX_KERNEL_RULES,
      tables: MAX_KERNEL_TABLES,
    },
    constants: uint32Bytes(kinds),
    programs: ['on_sample', 'learn_agent'],
  });
  try {
    object.runOnce('learn_agent');
    const chosen = object.map('chosen');
    for (const choice of choices) chosen.update(choice, uint32Bytes(1));
    return object;
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

/** A clock on one CPU that runs the program. */
export interface CpuClock extends Disposable {
  /** Whether it has ticked since it was asked before. */
  isTicking(): boolean;
}

/**
 * Runs the program by a clock on one CPU until disposed. Throws `failed_precondition` where the
 * kernel refuses.
 */
export function attachCpu(object: BpfObject, rateHz: number, cpu: number): CpuClock {
  const attributes = encodePerfAttributes({
    rateHz,
    sampleType: 0,
    flags: ['frequency', 'excludeIdle'],
    wakeupBytes: 0,
    readFormat: TIME_ENABLED,
  });
  const fd = perfEventOpen(attributes, EVERY_PROCESS, cpu);
  if (typeof fd === 'number') {
    const attached = object.attachPerfEvent('on_sample', fd);
    return {
      isTicking: createTickWatch(fd),
      [Symbol.dispose]: () => attached[Symbol.dispose](),
    };
  }
  throw new EagleError(
    'failed_precondition',
    `expected a perf event on CPU ${cpu}, got ${fd.error}; run as root, or with CAP_PERFMON`,
  );
}
