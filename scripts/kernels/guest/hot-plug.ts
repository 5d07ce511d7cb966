import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleWindow } from '../../../packages/agent/src/sampler/sampler.ts';
import type { Check } from './check.ts';
import { PROGRAMS, start } from './programs.ts';
import { openEbpf } from './stacks-of.ts';

const ONLINE = '/sys/devices/system/cpu/cpu1/online';
const WINDOW_MS = 1_000;
/** The first windows of a phase see what it begins with. */
const SETTLE_MS = 3 * WINDOW_MS;
const PHASE_MS = 4 * WINDOW_MS;

const switchCpu = (isOn: boolean): void => writeFileSync(ONLINE, isOn ? '1' : '0');

interface Phase {
  readonly name: string;
  readonly begin: () => Promise<void>;
}

/**
 * A CPU that goes and comes back while everything is sampled. A program that is bound to it tells
 * whether it is sampled: while the CPU is off, the kernel runs the program elsewhere.
 */
export async function* hotPlug(): AsyncGenerator<Check> {
  using bound = start([`${PROGRAMS}/beside`, '600']);
  using _other = start([`${PROGRAMS}/outside`, '600']);
  const pid = bound?.pid ?? 0;
  const bind = (): void => {
    execFileSync('taskset', ['-p', '2', String(pid)]);
  };
  const phases: readonly Phase[] = [
    { name: 'on', begin: async () => bind() },
    { name: 'off', begin: async () => switchCpu(false) },
    {
      name: 'on again',
      begin: async () => {
        switchCpu(true);
        bind();
      },
    },
    {
      name: 'off and on within a window',
      begin: async () => {
        switchCpu(false);
        await sleep(WINDOW_MS / 10);
        switchCpu(true);
        bind();
      },
    },
  ];
  await using sampler = await openEbpf({ rateHz: 99, windowMs: WINDOW_MS, pids: [] });
  const done = new AbortController();
  const windows: SampleWindow[] = [];
  const reading = (async () => {
    for await (const window of sampler.windows(done.signal)) windows.push(window);
  })();
  for (const { name, begin } of phases) {
    await begin();
    await sleep(SETTLE_MS);
    const seen = windows.length;
    await sleep(PHASE_MS);
    const samples = windows.slice(seen).map((window) => samplesOfPid(window, pid));
    yield {
      name: `CPU ${name}`,
      ok: samples.length > 0 && samples.every((count) => count > 10),
      value: `${samples.join(', ')} samples`,
    };
  }
  done.abort();
  await reading;
  const { samplesLost, cpusNotOpened } = sampler.counters();
  yield {
    name: 'CPU off and on: lost, not opened',
    ok: samplesLost === 0 && windows.every(({ lost }) => lost === 0),
    value: `${samplesLost}, ${cpusNotOpened}`,
  };
}

function samplesOfPid({ stacks, processes }: SampleWindow, pid: number): number {
  return stacks.count.reduce(
    (sum, count, row) => sum + (processes[stacks.process[row] ?? -1]?.pid === pid ? count : 0),
    0,
  );
}
