import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDriver } from '../packages/agent/src/sampler/ebpf.ts';
import { countRuns } from '../packages/agent/src/sampler/libbpf.ts';
import { compileProgram, LIFE, sampleWhile } from '../packages/agent/src/sampler/testing.ts';
import { type Figure, median } from './figure.ts';

const RUN_MS = 6_000;
const WINDOW_MS = 10_000;
const RATES_HZ = [19, 99] as const;
const MAX_SAMPLE_US = 25;
const MAX_MAPS_MB = 48;

/** What /proc/self/fdinfo tells of each descriptor whose target holds a word. */
function descriptors(word: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const isWanted = readlinkSync(`/proc/self/fd/${fd}`).includes(word);
      return isWanted ? [readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')] : [];
    } catch {
      return [];
    }
  });
}

const fieldOf = (info: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);

/** The program that the timer runs: of all that are loaded, the one that ran most. */
function mostRun(): { readonly count: number; readonly ns: number } {
  const runs = descriptors('bpf-prog').map((info) => ({
    count: fieldOf(info, 'run_cnt'),
    ns: fieldOf(info, 'run_time_ns'),
  }));
  return runs.toSorted((a, b) => b.count - a.count)[0] ?? { count: 0, ns: 0 };
}

const driver = createEbpfDriver({ nowMs: Date.now });

async function* underLoad(rateHz: number): AsyncIterable<Figure> {
  await using sampler = await driver.open({ rateHz, windowMs: WINDOW_MS, pids: [] });
  const windows = await sampleWhile(sampler, () => sleep(RUN_MS));
  const { count, ns } = mostRun();
  const us = ns / count / 1_000;
  const frames = windows.reduce((sum, window) => {
    const { stacks } = window;
    return stacks.count.reduce(
      (total, times, row) =>
        total + times * ((stacks.firstFrame[row + 1] ?? 0) - (stacks.firstFrame[row] ?? 0)),
      sum,
    );
  }, 0);
  const samples = windows.reduce(
    (sum, { stacks }) => sum + stacks.count.reduce((total, times) => total + times, 0),
    0,
  );
  yield {
    name: `BPF time a sample at ${rateHz} Hz, stacks of ${Math.round(frames / samples)} frames`,
    value: us,
    unit: 'us',
    budget: `≤ ${MAX_SAMPLE_US}`,
    within: us <= MAX_SAMPLE_US,
  };
  yield {
    name: `BPF time at ${rateHz} Hz, ${availableParallelism()} busy CPUs`,
    value: (ns / 1e6 / RUN_MS) * 100,
    unit: '% of one CPU',
  };
  const megabytes =
    descriptors('bpf-map').reduce((sum, info) => sum + fieldOf(info, 'memlock'), 0) / 1e6;
  yield {
    name: `BPF maps at ${rateHz} Hz, windows of ${WINDOW_MS / 1_000} s`,
    value: megabytes,
    unit: 'MB',
    budget: `≤ ${MAX_MAPS_MB}`,
    within: megabytes <= MAX_MAPS_MB,
  };
}

async function openedMs(): Promise<number> {
  const started = performance.now();
  await using _sampler = await driver.open({ rateHz: 19, windowMs: WINDOW_MS, pids: [] });
  return performance.now() - started;
}

/** Cost of the eBPF sampler while every CPU runs a program thirty frames deep. Needs root and BTF. */
export async function* sampler(): AsyncIterable<Figure> {
  using program = compileProgram('deep');
  using _runs = countRuns();
  const load = Array.from({ length: availableParallelism() }, () => spawn(program.path, LIFE));
  try {
    for (const rateHz of RATES_HZ) yield* underLoad(rateHz);
    const times = [await openedMs(), await openedMs(), await openedMs()];
    yield { name: 'load and attach the sampler', value: median(times), unit: 'ms' };
  } finally {
    for (const child of load) child.kill('SIGKILL');
  }
}
