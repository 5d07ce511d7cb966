import { createEbpfDriver } from '../../../packages/agent/src/sampler/ebpf.ts';
import {
  type CountingSampler,
  type Process,
  type SampleRequest,
  type SampleWindow,
  STACK_ENDS,
} from '../../../packages/agent/src/sampler/sampler.ts';
import { createSymbolizer } from '../../../packages/agent/src/symbols/create-symbolizer.ts';
import type { NamedFrames } from '../../../packages/agent/src/symbols/symbolizer.ts';

/** A sampled stack with its names. */
export interface NamedStack {
  readonly pid: number;
  readonly comm: string;
  readonly containerId: string;
  readonly unit: string;
  readonly count: number;
  readonly isWhole: boolean;
  readonly end: string;
  /** Names of its frames, the leaf first; empty for one without a name. */
  readonly frames: readonly string[];
}

export const openEbpf = (request: SampleRequest): Promise<CountingSampler> =>
  createEbpfDriver({ nowMs: Date.now }).open(request);

/** What tells a process that is waited for. */
type IsMeant = (process: Process) => boolean;

export const hasPid =
  (pid: number): IsMeant =>
  (process) =>
    process.pid === pid;

export const isCalled =
  (comm: string): IsMeant =>
  (process) =>
    process.comm === comm;

/** What a look at some processes needs. */
export interface Wanted {
  readonly processes: readonly IsMeant[];
  /** Samples of each, at least. */
  readonly samples: number;
}

/** Emulated on a busy machine, a program may need minutes to begin, and its tables to be built. */
const LONGEST_MS = 5 * 60_000;
/** A process of which so many samples of a window are whole, and none is not, has all its tables. */
const SETTLED_SAMPLES = 5;

/**
 * The windows of a time that begins once each process has been met with whole stacks only and ends
 * once there are samples enough of each; where that does not come about, all windows of five minutes.
 */
export async function windowsOf(
  sampler: CountingSampler,
  { processes, samples }: Wanted,
): Promise<readonly SampleWindow[]> {
  const done = new AbortController();
  const stop = AbortSignal.any([done.signal, AbortSignal.timeout(LONGEST_MS)]);
  const unsettled = new Set(processes);
  const windows: SampleWindow[] = [];
  for await (const window of sampler.windows(stop)) {
    windows.push(window);
    if (unsettled.size > 0) {
      for (const isMeant of unsettled) if (isSettled(window, isMeant)) unsettled.delete(isMeant);
      if (unsettled.size === 0) windows.length = 0;
    } else if (processes.every((isMeant) => samplesIn(windows, isMeant) >= samples)) {
      done.abort();
    }
  }
  return windows;
}

/** Samples of a process in windows. */
export const samplesIn = (windows: readonly SampleWindow[], isMeant: IsMeant): number =>
  windows.reduce((sum, window) => sum + countsOf(window, isMeant).all, 0);

function isSettled(window: SampleWindow, isMeant: IsMeant): boolean {
  const { all, whole } = countsOf(window, isMeant);
  return all >= SETTLED_SAMPLES && whole === all;
}

function countsOf({ stacks, processes }: SampleWindow, isMeant: IsMeant) {
  let all = 0;
  let whole = 0;
  stacks.count.forEach((count, row) => {
    const process = processes[stacks.process[row] ?? -1];
    if (!process || !isMeant(process)) return;
    all += count;
    if (STACK_ENDS[stacks.end[row] ?? 0] === 'complete') whole += count;
  });
  return { all, whole };
}

/** The stacks of windows, named as the agent names them. */
export async function namedStacks(
  windows: readonly SampleWindow[],
): Promise<readonly NamedStack[]> {
  await using symbolizer = await createSymbolizer({
    maxTableBytes: 16 * 2 ** 20,
    kernelMaxAgeMs: Number.POSITIVE_INFINITY,
    now: () => performance.now(),
    attachToJvms: false,
  });
  const named: NamedStack[] = [];
  for (const window of windows) {
    const names = await symbolizer.name(window, AbortSignal.timeout(60_000));
    for (let row = 0; row < window.stacks.length; row++) named.push(namedStack(window, row, names));
  }
  return named;
}

function namedStack(
  { stacks, processes }: SampleWindow,
  row: number,
  names: NamedFrames,
): NamedStack {
  const end = STACK_ENDS[stacks.end[row] ?? 0] ?? '?';
  const process = processes[stacks.process[row] ?? -1];
  const { pid = 0, comm = '', containerId = '', unit = '' } = process ?? {};
  const first = names.first[stacks.firstFrame[row] ?? 0] ?? 0;
  const behind = names.first[stacks.firstFrame[row + 1] ?? 0] ?? 0;
  const frames = Array.from(
    names.name.subarray(first, behind),
    (name) => names.strings[name] ?? '',
  );
  const count = stacks.count[row] ?? 0;
  return { pid, comm, containerId, unit, count, isWhole: end === 'complete', end, frames };
}

/** Samples of stacks. */
export const samplesOf = (stacks: readonly NamedStack[]): number =>
  stacks.reduce((sum, { count }) => sum + count, 0);
