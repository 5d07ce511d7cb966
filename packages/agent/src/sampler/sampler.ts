import type { FrameKind } from '@kube-eagle/profile';

/** A process as it was when it was first sampled. */
export interface Process {
  readonly pid: number;
  /** Ticks after boot it began at (field 22 of /proc/PID/stat): with the pid, its identity. */
  readonly startTicks: number;
  /** Name the kernel has for it, at most 15 bytes. */
  readonly comm: string;
  /** Path of the executable in its own mount namespace; empty for kernel threads. */
  readonly exe: string;
  /** 64 hexadecimal digits; empty outside containers. */
  readonly containerId: string;
  /** systemd unit such as `nginx.service`; empty where there is none. */
  readonly unit: string;
}

/** A file that frames lie in. */
export interface Executable {
  /** Path in the mount namespace of the process it was first seen in, or `[vdso]`. */
  readonly path: string;
  /** Path the agent itself can open it by, e.g. `/proc/PID/map_files/…`; may be gone by now. */
  readonly openPath: string;
  /** In hexadecimal; empty where the file has none. */
  readonly buildId: string;
}

/** A frame that its interpreter names itself. */
export interface InterpretedFrame {
  /** Name of the function. */
  readonly text: string;
  readonly kind: FrameKind;
  /** Source file; empty where unknown. */
  readonly file: string;
  /** Source line; 0 where unknown. */
  readonly line: number;
  /** Whether the text says why the name is not known. */
  readonly isReason?: boolean;
}

/** What a frame's address means. */
export type AddressSpace = 'kernel' | 'file' | 'anonymous' | 'interpreted';

/** The number of an {@link AddressSpace} in {@link RawFrames.space}. */
export const ADDRESS_SPACES: readonly AddressSpace[] = [
  'kernel',
  'file',
  'anonymous',
  'interpreted',
];

/** Frames of all stacks, one after another, the leaf of each stack first. */
export interface RawFrames {
  readonly length: number;
  /** Index in {@link ADDRESS_SPACES}. */
  readonly space: Uint8Array;
  /** Row in `executables` for a file address; -1 else. */
  readonly executable: Int32Array;
  /**
   * Row in `interpreted` of a frame of that space. Of others the address: in the file's own (virtual) address space as its symbol table has it, that of anonymous
   * memory, or the kernel's without its upper 16 bits, which are all ones: a number would not be
   * exact with them. Return addresses are already moved back into the call.
   */
  readonly address: Float64Array;
}

/**
 * Why the walk of a stack ended, in the order of {@link RawStacks.end}. `bad_guess`: the outermost frame
 * has no rule in a table, and its frame pointer led nowhere. `guessed`: the walk came to the end, but
 * somewhere on the way by a frame pointer of code that need not keep one, so frames may be missing.
 */
export const STACK_ENDS = [
  'complete',
  'no_user',
  'no_process',
  'no_mapping',
  'unreadable',
  'too_deep',
  'bad_frame',
  'bad_guess',
  '32_bit',
  'guessed',
] as const;

export type StackEnd = (typeof STACK_ENDS)[number];

/** Distinct stacks of a window and how often each was met. */
export interface RawStacks {
  readonly length: number;
  /** Row in `processes`. */
  readonly process: Int32Array;
  /** Times met. */
  readonly count: Float64Array;
  /** Index in {@link STACK_ENDS}. */
  readonly end: Uint8Array;
  /** Row in `frames` of the leaf; the stack ends where the next one begins. length + 1 rows. */
  readonly firstFrame: Int32Array;
}

/** What was sampled between two instants. */
export interface SampleWindow {
  /** Begin, ms since the epoch. */
  readonly startMs: number;
  readonly durationNs: number;
  readonly rateHz: number;
  readonly processes: readonly Process[];
  readonly executables: readonly Executable[];
  readonly interpreted: readonly InterpretedFrame[];
  readonly stacks: RawStacks;
  readonly frames: RawFrames;
  /** Samples that were due on the whole host and are missing: full maps, rings, busy buckets. */
  readonly lost: number;
}

/** A control group; whatever is below it belongs to it. */
export interface Cgroup {
  /** The tree it is in: that of version 2, or of version 1 that the pids controller is on. */
  readonly hierarchy: 'unified' | 'pids';
  /** Inode number of its directory. */
  readonly id: number;
}

/** What to sample: the whole host, or whatever one of the three lists names. */
export interface SampleRequest {
  /** Samples a second and CPU, 1 to 1000. */
  readonly rateHz: number;
  /** Length of a window. */
  readonly windowMs: number;
  /** Processes, with all their threads. */
  readonly pids: readonly number[];
  readonly threads?: readonly number[];
  readonly cgroups?: readonly Cgroup[];
}

/** Whether a request names nothing, and so means the whole host. */
export function isForHost({ pids, threads = [], cgroups = [] }: SampleRequest): boolean {
  return pids.length + threads.length + cgroups.length === 0;
}

/** Where stacks come from: eBPF, perf events, a recording. Stops when its reader does. */
export interface Sampler extends AsyncDisposable {
  /** One window after another. After `signal` aborts, the last one comes short, then the end. */
  windows(signal: AbortSignal): AsyncIterable<SampleWindow>;
}

/** A sampler that says what it sees, what it did and how often each bound was hit since it was opened. */
export interface CountingSampler extends Sampler {
  /** In words, such as `every process, with the kernel's frames`. */
  readonly scope: string;
  counters(): Readonly<Record<string, number>>;
}

/** A way to sample, tried in the order of preference. */
export interface SamplerDriver {
  readonly name: 'ebpf' | 'perf_event' | 'replay';
  /** Throws `failed_precondition` with what is missing and how to mend it. */
  open(request: SampleRequest): Promise<CountingSampler>;
}
