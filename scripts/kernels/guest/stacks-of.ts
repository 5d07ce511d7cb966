import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDriver } from '../../../packages/agent/src/sampler/ebpf.ts';
import {
  type CountingSampler,
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
  readonly count: number;
  readonly isWhole: boolean;
  readonly end: string;
  /** Names of its frames, the leaf first; empty for one without a name. */
  readonly frames: readonly string[];
}

export const openEbpf = (request: SampleRequest): Promise<CountingSampler> =>
  createEbpfDriver({ nowMs: Date.now }).open(request);

/** Windows of so many milliseconds, those that end within the first `warmUpMs` left out. */
export async function windowsOf(
  sampler: CountingSampler,
  { warmUpMs, durationMs }: { readonly warmUpMs: number; readonly durationMs: number },
): Promise<readonly SampleWindow[]> {
  const done = new AbortController();
  const beginMs = Date.now() + warmUpMs;
  const timer = sleep(warmUpMs + durationMs).then(() => done.abort());
  const windows = await Array.fromAsync(sampler.windows(done.signal));
  await timer;
  return windows.filter(({ startMs }) => startMs >= beginMs);
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
  const { pid = 0, comm = '', containerId = '' } = processes[stacks.process[row] ?? -1] ?? {};
  const first = names.first[stacks.firstFrame[row] ?? 0] ?? 0;
  const behind = names.first[stacks.firstFrame[row + 1] ?? 0] ?? 0;
  const frames = Array.from(
    names.name.subarray(first, behind),
    (name) => names.strings[name] ?? '',
  );
  const count = stacks.count[row] ?? 0;
  return { pid, comm, containerId, count, isWhole: end === 'complete', end, frames };
}

/** Samples of stacks. */
export const samplesOf = (stacks: readonly NamedStack[]): number =>
  stacks.reduce((sum, { count }) => sum + count, 0);
