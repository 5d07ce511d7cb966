import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Check } from './check.ts';
import { type Program, type Running, start, TRUTHS } from './programs.ts';
import {
  hasPid,
  type NamedStack,
  namedStacks,
  openEbpf,
  samplesOf,
  windowsOf,
} from './stacks-of.ts';

const RATE_HZ = 199;
const WANTED_SAMPLES = 200;
/** What is left of them on a busy machine. */
const LEAST_SAMPLES = 100;
const LEAST_WHOLE = 0.995;
/** The others are of threads that serve the program's runtime. */
const LEAST_THROUGH = 0.5;
/** Five standard deviations of so many samples. */
const SHARE_TOLERANCE = 0.12;

/** Of CPU time, emulated on a busy machine. */
const BEGIN_NS = 20e9;
const BEGIN_TURNS = 60;

interface Case {
  readonly program: Program;
  readonly running: Running | undefined;
}

/** Whether stacks are whole, functions have their shares, and kernel functions their names. */
export async function* stacks(): AsyncGenerator<Check> {
  using running = new DisposableStack();
  const cases: Case[] = [];
  for (const program of TRUTHS.toSorted(slowFirst)) {
    const process = start(program.command);
    if (process) running.use(process);
    if (process && program.isSlowToBegin) await begun(process.pid);
    cases.push({ program, running: process });
  }
  const pids = cases.flatMap(({ running: process }) => (process ? [process.pid] : []));
  await using sampler = await openEbpf({ rateHz: RATE_HZ, windowMs: 2_000, pids });
  const windows = await windowsOf(sampler, {
    processes: pids.map(hasPid),
    samples: WANTED_SAMPLES,
  });
  const named = await namedStacks(windows);
  const of = (name: string): readonly NamedStack[] => {
    const pid = cases.find(({ program }) => program.name === name)?.running?.pid;
    return named.filter((stack) => stack.pid === pid);
  };
  for (const { program, running: process } of cases) {
    yield process ? wholeness(program, of(program.name)) : missing(program);
  }
  yield shares(of('C by frame pointers'));
  yield kernelNames(of('system calls'));
  yield nothingRefused(sampler.counters());
}

const slowFirst = (a: Program, b: Program): number =>
  Number(b.isSlowToBegin ?? false) - Number(a.isSlowToBegin ?? false);

/** Waits until a process has run for as long as an interpreter needs to begin. */
async function begun(pid: number): Promise<void> {
  for (let turn = 0; turn < BEGIN_TURNS; turn++) {
    await sleep(1_000);
    const [ranNs = 0] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ').map(Number);
    if (ranNs > BEGIN_NS) return;
  }
}

const missing = ({ name }: Program): Check => ({
  name: `whole stacks: ${name}`,
  ok: true,
  value: 'skipped: not on this machine',
});

function wholeness({ name, frames, through = /^/ }: Program, own: readonly NamedStack[]): Check {
  const samples = samplesOf(own);
  const whole = samplesOf(own.filter(({ isWhole }) => isWhole));
  const named = samplesOf(own.filter((stack) => stack.frames.some((frame) => through.test(frame))));
  const depth = own.reduce((sum, stack) => sum + stack.count * stack.frames.length, 0) / samples;
  const isNamed = named / samples >= LEAST_THROUGH;
  const ends = [...new Set(own.filter(({ isWhole }) => !isWhole).map(({ end }) => end))];
  const faults = [...ends, ...(isNamed ? [] : [`${named} through ${through.source}`])];
  return {
    name: `whole stacks: ${name}`,
    ok: samples >= LEAST_SAMPLES && whole / samples >= LEAST_WHOLE && depth >= frames && isNamed,
    value: [`${whole}/${samples}`, `${Math.round(depth)} frames`, ...faults].join(', '),
  };
}

function shares(own: readonly NamedStack[]): Check {
  const leaves = own.flatMap(({ frames, count }) => {
    const leaf = frames.find((frame) => frame.startsWith('spend_'));
    return leaf === undefined ? [] : [{ leaf, count }];
  });
  const sum = (counted: typeof leaves): number =>
    counted.reduce((total, { count }) => total + count, 0);
  const share = sum(leaves.filter(({ leaf }) => leaf === 'spend_seventy')) / sum(leaves);
  return {
    name: 'share of a function that takes 70 %',
    ok: Math.abs(share - 0.7) < SHARE_TOLERANCE,
    value: `${(share * 100).toFixed(1)} %`,
  };
}

function kernelNames(own: readonly NamedStack[]): Check {
  const reading = own.filter(({ frames }) => frames.includes('vfs_read'));
  const share = samplesOf(reading) / samplesOf(own);
  return {
    name: 'dd below vfs_read',
    ok: share > 0.5,
    value: `${(share * 100).toFixed(1)} %`,
  };
}

/** Counters of what a sampler had no room for, or the kernel would not take. */
const REFUSALS = [
  'samplesLost',
  'eventsLost',
  'imagesNotStored',
  'tablesRefused',
  'linksRefused',
  'rulesRefused',
] as const;

function nothingRefused(counters: Readonly<Record<string, number>>): Check {
  const refused = REFUSALS.filter((name) => counters[name] !== 0);
  const said = refused.map((name) => `${name} ${counters[name]}`).join(', ');
  return {
    name: 'nothing lost or refused',
    ok: refused.length === 0,
    value: `${counters['tables']} tables${said === '' ? '' : `, ${said}`}`,
  };
}
