import type { Refusal } from '../profilers/profiler.ts';
import type { Process, SampleWindow } from '../sampler/sampler.ts';
import type { ProcessOutcome } from './reporter.ts';

/** What became of each process of a task, in the order they were met. */
export interface ProcessOutcomes {
  /** A process that is profiled, or is to be. */
  add(process: Process, about: About): void;
  /** Counts what was taken of a process. */
  took(process: Process, samples: number): void;
  /** Counts a window that may be of many, also of such as were not there at the begin. */
  tookWindow(window: SampleWindow, profiler: string): void;
  /** How it ended for one; the first end counts. */
  end(process: Process, end: ProcessEnd): void;
  /** The same for all that a profiler has. */
  endAll(profiler: string, end: ProcessEnd): void;
  list(): readonly ProcessOutcome[];
  /** Processes beyond the bound. */
  leftOut(): number;
}

/** What is known of a process before it is profiled. */
export interface About {
  readonly language: string;
  readonly profiler: string;
  /** Why that profiler. */
  readonly why: string;
}

export type ProcessEnd =
  | { readonly state: 'done' | 'cancelled'; readonly note: string }
  | ({ readonly state: 'failed' } & Refusal);

/** Processes listed of one task. */
const MAX_LISTED = 256;

type Row = { -readonly [Key in keyof ProcessOutcome]: ProcessOutcome[Key] };

export function createProcessOutcomes(): ProcessOutcomes {
  const rows = new Map<string, Row>();
  // No more than the machine has processes during the task.
  const beyond = new Set<string>();
  const keyOf = ({ pid, startTicks }: Process): string => `${pid} ${startTicks}`;

  function add(process: Process, { language, profiler, why }: About): void {
    if (rows.has(keyOf(process))) return;
    if (rows.size >= MAX_LISTED) {
      beyond.add(keyOf(process));
      return;
    }
    const { pid, comm } = process;
    const known = { pid, comm, language, profiler, message: why };
    rows.set(keyOf(process), { ...known, state: 'running', reason: '', samples: 0 });
  }

  function took(process: Process, samples: number): void {
    const row = rows.get(keyOf(process));
    if (row) row.samples += samples;
  }

  return {
    add,
    took,
    tookWindow({ processes, stacks }, profiler) {
      const counts = new Float64Array(processes.length);
      for (let row = 0; row < stacks.length; row++) {
        const process = stacks.process[row] ?? 0;
        counts[process] = (counts[process] ?? 0) + (stacks.count[row] ?? 0);
      }
      for (const [at, process] of processes.entries()) {
        add(process, { language: '', profiler, why: 'began during the task' });
        took(process, counts[at] ?? 0);
      }
    },
    end: (process, end) => endRow(rows.get(keyOf(process)), end),
    endAll(profiler, end) {
      for (const row of rows.values()) if (row.profiler === profiler) endRow(row, end);
    },
    list: () => Array.from(rows.values(), (row) => ({ ...row })),
    leftOut: () => beyond.size,
  };
}

function endRow(row: Row | undefined, end: ProcessEnd): void {
  if (row?.state !== 'running') return;
  row.state = end.state;
  if (end.state === 'failed') Object.assign(row, { reason: end.reason, message: end.message });
  else if (end.note !== '') row.message = `${row.message}; ${end.note}`;
  if (end.state === 'done' && row.samples === 0) row.reason = 'no_samples';
}
