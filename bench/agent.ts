import { countRuns } from '../packages/agent/src/sampler/libbpf.ts';
import { costOfAgent } from './agent-cost.ts';
import { atMost, type Bench, type Figure } from './figure.ts';
import { busyCpus } from './loads.ts';

async function* atRate(rateHz: number, budgetPercent: number): AsyncIterable<Figure> {
  const { ownPercent, bpfPercent, residentMegabytes, firstSeconds } = await costOfAgent(rateHz);
  const name = `agent and BPF on busy CPUs, ${rateHz} Hz, of one core`;
  yield atMost(budgetPercent, { name, value: ownPercent + bpfPercent, unit: '%' });
  yield { name: `of it the agent's process, ${rateHz} Hz`, value: ownPercent, unit: '%' };
  yield atMost(120, {
    name: `agent memory, ${rateHz} Hz`,
    value: residentMegabytes,
    unit: 'MB RSS',
  });
  const first = `start to first profile stored, ${rateHz} Hz`;
  yield atMost(8, { name: first, value: firstSeconds, unit: 's' });
}

/** What the agent costs its machine while every CPU is busy. Needs root. */
export const agent: Bench = async function* () {
  using _runs = countRuns();
  using _load = busyCpus();
  yield* atRate(19, 0.6);
  yield* atRate(99, 1.2);
};
