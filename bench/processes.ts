import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDriver } from '../packages/agent/src/sampler/ebpf.ts';
import { countRuns } from '../packages/agent/src/sampler/libbpf.ts';
import { type SampleWindow, STACK_ENDS } from '../packages/agent/src/sampler/sampler.ts';
import { costOfAgent } from './agent-cost.ts';
import { atMost, type Bench, type Figure } from './figure.ts';
import { compilerFarm, nappers } from './loads.ts';

const COMPLETE = STACK_ENDS.indexOf('complete');
const NO_MAPPING = STACK_ENDS.indexOf('no_mapping');
const WHOLE = 0.995;
/** Samples of a window that are enough to say that their stacks are whole. */
const MIN_SAMPLES = 10;
const WINDOW_MS = 500;
const GIVE_UP_MS = 30_000;
const SETTLE_MS = 3_000;

/**
 * Samples of a program in a window, and how many of them reached the bottom of their stack. The first
 * sample of a process, which tells the agent to read its mappings, does not count.
 */
function tally({ stacks, processes }: SampleWindow, exe: string) {
  let samples = 0;
  let complete = 0;
  for (let row = 0; row < stacks.length; row++) {
    if (processes[stacks.process[row] ?? -1]?.exe !== exe) continue;
    if (stacks.end[row] === NO_MAPPING) continue;
    const times = stacks.count[row] ?? 0;
    samples += times;
    if (stacks.end[row] === COMPLETE) complete += times;
  }
  return { samples, complete };
}

/**
 * From opening a sampler, with no table made before, to the end of the first window of half a second
 * in which the stacks of processes that were sampled before are whole.
 */
async function* startAmong(count: number): AsyncIterable<Figure> {
  using load = nappers(count, count);
  await sleep(SETTLE_MS);
  const beganMs = performance.now();
  const driver = createEbpfDriver({ nowMs: Date.now });
  await using sampler = await driver.open({ rateHz: 99, windowMs: WINDOW_MS, pids: [] });
  const over = AbortSignal.timeout(GIVE_UP_MS);
  let value = Number.NaN;
  for await (const window of sampler.windows(over)) {
    const { samples, complete } = tally(window, load.path);
    if (samples < MIN_SAMPLES || complete / samples < WHOLE) continue;
    value = (performance.now() - beganMs) / 1_000;
    break;
  }
  const name = `start among ${count} processes to the first window of whole stacks`;
  yield atMost(3, { name, value, unit: 's' });
}

/** Processes that use one core together, so that nearly all are sampled. */
async function* memoryAmong(count: number): AsyncIterable<Figure> {
  using _load = nappers(count, count);
  const { residentMegabytes } = await costOfAgent(99);
  yield {
    name: `agent memory among ${count} processes that run, 99 Hz`,
    value: residentMegabytes,
    unit: 'MB RSS',
  };
}

async function* amongCompilers(): AsyncIterable<Figure> {
  using _runs = countRuns();
  using _load = compilerFarm();
  const { ownPercent, bpfPercent, residentMegabytes } = await costOfAgent(19);
  const name = 'agent and BPF while make compiles on every CPU, 19 Hz, of one core';
  yield atMost(0.6, { name, value: ownPercent + bpfPercent, unit: '%' });
  yield atMost(120, { name: 'agent memory in that', value: residentMegabytes, unit: 'MB RSS' });
}

/** The agent among many processes, and among many that live for an instant. Needs root and cc. */
export const processes: Bench = async function* () {
  yield* startAmong(300);
  yield* memoryAmong(100);
  yield* memoryAmong(2_000);
  yield* amongCompilers();
};
