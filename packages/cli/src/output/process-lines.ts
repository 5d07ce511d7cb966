import type { Outcome, ProcessOutcome } from '@kube-eagle/api';
import { printable } from './printable.ts';
import { count } from './quality-line.ts';

/** What became of the processes of a node, a line each, those that gave most first; at most `limit`. */
export function processLines({ processes, processesLeftOut }: Outcome, limit: number): string[] {
  const sorted = processes.toSorted((a, b) => rank(a) - rank(b) || b.samples - a.samples);
  const more = processesLeftOut + Math.max(0, processes.length - limit);
  return [
    ...sorted.slice(0, limit).map((process) => printable(lineOf(process))),
    ...(more > 0 ? [`  and ${count(more)} more processes`] : []),
  ];
}

/** What went wrong is not to be missed. */
const rank = ({ state }: ProcessOutcome): number => (state === 'failed' ? 0 : 1);

function lineOf(process: ProcessOutcome): string {
  const { pid, comm, language, profiler, state, reason, message, samples } = process;
  const parts = [`${pid} ${comm}`, language, profiler, state, `${count(samples)} samples`];
  return `  ${[...parts, reason, message].filter((part) => part !== '').join('  ')}`;
}
