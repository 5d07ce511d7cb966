import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '@kube-eagle/profile';
import { windowProfile } from '../../packages/agent/src/export/window-profile.ts';
import { createEbpfDriver } from '../../packages/agent/src/sampler/ebpf.ts';
import type { SampleWindow } from '../../packages/agent/src/sampler/sampler.ts';
import { warmUp } from '../../packages/agent/src/sampler/testing.ts';
import { createSymbolizer } from '../../packages/agent/src/symbols/create-symbolizer.ts';
import { temporaryFolder } from '../harness.ts';
import type { Program } from './programs.ts';
import { addProfile, createTally, type Tally } from './tally.ts';

/** As many as 30 s at 99 Hz give, in less time. */
const SAMPLES = 30 * 99;
const RATE_HZ = 997;
const WINDOW_MS = 1_000;
/** Programs end by themselves after so long, should nobody end them. */
const LIFE_MS = 600_000;
const ORIGIN = { node: '', profiler: 'ebpf', taskId: '' };

/** A program that runs, and what was seen of it. */
interface Running {
  readonly program: Program;
  readonly child: ChildProcess;
  readonly tally: Tally;
}

/** What the pieces of the agent make of windows, a series a process. */
async function* profilesOf(windows: AsyncIterable<SampleWindow>): AsyncGenerator<Profile> {
  await using symbolizer = await createSymbolizer({
    maxTableBytes: 2 ** 26,
    kernelMaxAgeMs: 600_000,
    now: () => performance.now(),
    attachToJvms: true,
  });
  for await (const window of windows) {
    const names = await symbolizer.name(window, AbortSignal.timeout(LIFE_MS));
    const processes = window.processes.map((each) => ({ ...each, exe: `/${each.pid}` }));
    yield windowProfile({ ...window, processes }, names, ORIGIN);
  }
}

/** Makes a program in a folder of its own; gives its command line. */
function make(program: Program, folder: string): readonly string[] {
  mkdirSync(folder);
  return program.make(folder);
}

function start(program: Program, [command = '', ...words]: readonly string[]): Running {
  const child = spawn(command, [...words, String(LIFE_MS / 1_000)], { stdio: 'ignore' });
  return { program, child, tally: createTally() };
}

const isOver = ({ child }: Running): boolean =>
  child.killed || child.exitCode !== null || child.signalCode !== null;

/** Runs programs side by side under one sampler until each has samples enough. */
export async function record(programs: readonly Program[]): Promise<ReadonlyMap<Program, Tally>> {
  using folder = temporaryFolder();
  using ended = new DisposableStack();
  const commands = programs.map((program, row) => make(program, join(folder.path, String(row))));
  const running = programs.map((program, row) => start(program, commands[row] ?? []));
  for (const { child } of running) {
    ended.defer(() => {
      child.kill('SIGKILL');
      rmSync(`/tmp/perf-${child.pid}.map`, { force: true });
    });
  }
  const pids = running.map(({ child }) => child.pid ?? 0);
  const driver = createEbpfDriver({ nowMs: Date.now });
  await using sampler = await driver.open({ rateHz: RATE_HZ, windowMs: WINDOW_MS, pids });
  const isWarm = warmUp(sampler);
  for await (const profile of profilesOf(sampler.windows(new AbortController().signal))) {
    if (!isWarm()) continue;
    for (const each of running) if (!isOver(each)) addWindow(each, profile);
    if (running.every(isOver)) break;
  }
  return new Map(running.map(({ program, tally }) => [program, tally]));
}

function addWindow({ program, child, tally }: Running, profile: Profile): void {
  addProfile(tally, profile, { process: String(child.pid), through: program.through });
  if (tally.samples >= SAMPLES) child.kill('SIGKILL');
}
