import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDriver } from '../../../packages/agent/src/sampler/ebpf.ts';
import { createPerfEventDriver } from '../../../packages/agent/src/sampler/perf-event.ts';
import type { SamplerDriver, SampleWindow } from '../../../packages/agent/src/sampler/sampler.ts';
import type { Check } from './check.ts';
import { PROGRAMS, start } from './programs.ts';
import { hasPid, samplesIn } from './stacks-of.ts';

const ONLINE = '/sys/devices/system/cpu/cpu1/online';
const WINDOW_MS = 1_000;
/** The first windows of a phase see what it begins with. */
const SETTLE_MS = 3 * WINDOW_MS;
const PHASE_MS = 4 * WINDOW_MS;

const switchCpu = (isOn: boolean): void => writeFileSync(ONLINE, isOn ? '1' : '0');

interface Phase {
  readonly name: string;
  readonly begin: () => void;
}

const DRIVERS: readonly SamplerDriver[] = [
  createEbpfDriver({ nowMs: Date.now }),
  createPerfEventDriver({ nowMs: Date.now, uid: 0 }),
];

/**
 * A CPU that goes and comes back while everything is sampled. A program that is bound to it tells
 * whether it is sampled: while the CPU is off, the kernel runs the program elsewhere.
 */
export async function* hotPlug(): AsyncGenerator<Check> {
  using bound = start([`${PROGRAMS}/beside`, '3600']);
  using _other = start([`${PROGRAMS}/outside`, '3600']);
  for (const driver of DRIVERS) yield* switched(driver, bound?.pid ?? 0);
}

/** What is done to the CPU that a process is bound to, one after another. */
function phasesOf(pid: number): readonly Phase[] {
  const bind = (): void => {
    execFileSync('taskset', ['-p', '2', String(pid)]);
  };
  const comeBack = (): void => {
    switchCpu(true);
    bind();
  };
  return [
    { name: 'on', begin: bind },
    { name: 'off', begin: () => switchCpu(false) },
    { name: 'on again', begin: comeBack },
    // The event loop gets no turn in between, so nobody has seen it gone.
    {
      name: 'off and on at once',
      begin: () => {
        switchCpu(false);
        comeBack();
      },
    },
  ];
}

async function* switched(driver: SamplerDriver, pid: number): AsyncGenerator<Check> {
  await using sampler = await driver.open({ rateHz: 99, windowMs: WINDOW_MS, pids: [] });
  const done = new AbortController();
  const windows: SampleWindow[] = [];
  const reading = (async () => {
    for await (const window of sampler.windows(done.signal)) windows.push(window);
  })();
  for (const { name, begin } of phasesOf(pid)) {
    begin();
    await sleep(SETTLE_MS);
    const seen = windows.length;
    await sleep(PHASE_MS);
    const samples = samplesIn(windows.slice(seen), hasPid(pid));
    yield { name: `${driver.name}, CPU ${name}`, ok: samples > 0, value: `${samples} samples` };
  }
  done.abort();
  await reading;
  const { samplesLost = 0 } = sampler.counters();
  yield {
    name: `${driver.name}, CPU off and on: lost`,
    ok: samplesLost === 0,
    value: String(samplesLost),
  };
}
