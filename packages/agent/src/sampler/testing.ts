import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findings } from './findings.ts';
import {
  ADDRESS_SPACES,
  type CountingSampler,
  type SampleWindow,
  STACK_ENDS,
  type StackEnd,
} from './sampler.ts';

/** What tests of samplers share: programs whose profile is known, and ways to read a window. */

const programs = fileURLToPath(new URL('../../../../golden/programs/', import.meta.url));

/** Argument of the programs: seconds after which one ends by itself, should its test not end it. */
export const LIFE: readonly string[] = ['120'];

/** A program of golden/programs, compiled with frame pointers into a folder of its own. */
export interface GoldenProgram extends Disposable {
  readonly path: string;
  /** Name of the function at an address of the file. */
  symbolAt(address: number): string | undefined;
}

/** Compiles a program; its folder goes when it is disposed. */
export function compileProgram(
  name: 'split' | 'deep' | 'scattered' | 'threads' | 'lives',
  ...options: readonly string[]
): GoldenProgram {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-program-'));
  const path = join(folder, name);
  const flags = ['-O1', '-fno-omit-frame-pointer', '-fno-inline', ...options];
  execFileSync('cc', [...flags, join(programs, `${name}.c`), '-o', path]);
  const symbols = execFileSync('nm', ['-S', '--defined-only', path], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.split(' '))
    .filter((parts) => parts.length === 4)
    .map(([start = '', size = '', , symbol = '']) => ({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(start, 16) + Number.parseInt(size, 16),
      symbol,
    }));
  return {
    path,
    symbolAt: (address) =>
      symbols.find(({ start, end }) => address >= start && address < end)?.symbol,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** Why tests of the kernel cannot run here; `false` where they can. */
export function cannotSample(...needed: readonly string[]): string | false {
  const missing = findings().filter(({ name, ok }) => !ok && needed.includes(name));
  return missing.length > 0 && missing.map(({ detail, mend }) => `${detail}; ${mend}`).join('. ');
}

/** Every window of the time that some work takes. */
export async function sampleWhile(
  sampler: CountingSampler,
  work: () => Promise<unknown>,
): Promise<readonly SampleWindow[]> {
  const done = new AbortController();
  const [windows] = await Promise.all([
    Array.fromAsync(sampler.windows(done.signal)),
    work().finally(() => done.abort()),
  ]);
  return windows;
}

/** Every window until so many samples are taken, however busy the machine is. */
export async function sampleUntil(
  sampler: CountingSampler,
  samples: number,
): Promise<readonly SampleWindow[]> {
  const enough = new AbortController();
  const windows: SampleWindow[] = [];
  let taken = 0;
  for await (const window of sampler.windows(enough.signal)) {
    windows.push(window);
    taken += window.stacks.count.reduce((sum, count) => sum + count, 0);
    if (taken >= samples) enough.abort();
  }
  return windows;
}

/** Windows without an unwind table that is still to come after which all are taken to be in the kernel. */
const QUIET_WINDOWS = 3;

/**
 * Asked once a window: whether the unwind tables of what runs are in the kernel, as there were some and
 * none was awaited for a while. On a busy machine that takes many windows.
 */
export function warmUp(sampler: CountingSampler): () => boolean {
  let quiet = 0;
  return () => {
    const { tables = 0, tablesAwaited = 0 } = sampler.counters();
    if (quiet < QUIET_WINDOWS) quiet = tables > 0 && tablesAwaited === 0 ? quiet + 1 : 0;
    return quiet >= QUIET_WINDOWS;
  };
}

/** One stack of a window: who, how often, and its frames as `name`, the leaf first. */
export interface DrawnStack {
  readonly pid: number;
  readonly comm: string;
  readonly exe: string;
  readonly count: number;
  readonly end: StackEnd | undefined;
  readonly frames: readonly string[];
}

/**
 * The stacks of windows with a program's frames by name, others as `[path]` of their file, `[kernel]`
 * or `[anonymous]`.
 */
export function drawStacks(
  windows: readonly SampleWindow[],
  program: GoldenProgram,
): readonly DrawnStack[] {
  return windows.flatMap((window) =>
    Array.from({ length: window.stacks.length }, (_, row) => drawStack(window, row, program)),
  );
}

function drawStack(window: SampleWindow, row: number, program: GoldenProgram): DrawnStack {
  const { stacks, frames, processes, executables } = window;
  const { pid = 0, comm = '', exe = '' } = processes[stacks.process[row] ?? -1] ?? {};
  const names: string[] = [];
  for (let at = stacks.firstFrame[row] ?? 0; at < (stacks.firstFrame[row + 1] ?? 0); at++) {
    const path = executables[frames.executable[at] ?? -1]?.path;
    const address = frames.address[at] ?? 0;
    if (path === program.path) names.push(program.symbolAt(address) ?? `0x${address.toString(16)}`);
    else names.push(`[${path ?? ADDRESS_SPACES[frames.space[at] ?? 0]}]`);
  }
  const end = STACK_ENDS[stacks.end[row] ?? -1];
  return { pid, comm, exe, count: stacks.count[row] ?? 0, end, frames: names };
}

/** Share of the samples whose program's own leaf is a function, of those in the program at all. */
export function shareOf(stacks: readonly DrawnStack[], name: string): number {
  const leaves = stacks.map(({ frames, count }) => ({
    leaf: frames.find((frame) => !frame.startsWith('[')),
    count,
  }));
  const sum = (counted: typeof leaves): number =>
    counted.reduce((total, { count }) => total + count, 0);
  return sum(leaves.filter(({ leaf }) => leaf === name)) / sum(leaves.filter(({ leaf }) => leaf));
}
