import type { Exporter } from '../export/exporter.ts';
import type { BatchEnd } from '../export/sender.ts';
import type { Origin } from '../export/series-labels.ts';
import type { Ask, Collected, ProcessProfiler } from '../profilers/profiler.ts';
import type { ResourceTable } from '../profilers/resource-table.ts';
import type { RunningHere } from './find-subjects.ts';
import type { Job } from './plan-task.ts';
import type { ProcessEnd } from './process-outcomes.ts';
import { allEnded } from './watch-subjects.ts';

export interface RecordPorts {
  readonly exporter: Pick<Exporter, 'exportProfile'>;
  readonly here: Pick<RunningHere, 'startTicks'>;
  readonly resources: ResourceTable;
  readonly nowMs: () => number;
}

/** What a recording is told, and tells. */
export interface RecordControl {
  readonly origin: Omit<Origin, 'profiler'>;
  /** Give what there is, and end. */
  readonly stop: AbortSignal;
  /** Called with the samples of each stretch that was given to the exporter, and its way to the server. */
  took(samples: number, ended: Promise<BatchEnd> | undefined): void;
}

const MIN_STRETCH_MS = 100;

/** Lets a job's profiler loose on its process, stretch by stretch. Throws nothing but the exporter's. */
export async function recordProcess(
  job: Job,
  ask: Ask,
  ports: RecordPorts,
  control: RecordControl,
): Promise<ProcessEnd> {
  const { process, profiler, holds } = job;
  const untilMs = ports.nowMs() + ask.durationMs;
  if (holds === undefined) return await recordStretches(job, ask, ports, control);
  const holder = { taskId: control.origin.taskId, profiler: profiler.name, untilMs };
  const take = ports.resources.take(process, holds, holder);
  if (take.kind === 'held') {
    const { taskId, profiler: other, untilMs: heldUntilMs } = take.by;
    const until = new Date(heldUntilMs).toISOString();
    return {
      state: 'failed',
      reason: 'profiler_busy',
      message: `${other} of task ${taskId} has process ${process.pid} until ${until}: run it again then, or cancel that task`,
    };
  }
  using _lease = take.lease;
  return await recordStretches(job, ask, ports, control);
}

async function recordStretches(
  job: Job,
  ask: Ask,
  ports: RecordPorts,
  control: RecordControl,
): Promise<ProcessEnd> {
  const { process, profiler } = job;
  const languageOf = (): string => process.language;
  const origin = { ...control.origin, profiler: profiler.name, languageOf };
  const isGone = (): boolean => ports.here.startTicks(process.pid) !== process.startTicks;
  const over = new AbortController();
  const stop = AbortSignal.any([control.stop, over.signal]);
  const watching = allEnded({ anyRuns: () => !isGone() }, stop).then(() => over.abort());
  const endMs = ports.nowMs() + ask.durationMs;
  const notes = new Set<string>();
  let taken = 0;
  try {
    for (;;) {
      const durationMs = stretchMs(profiler, ask, endMs - ports.nowMs());
      const collected = await profiler.collect(process, { ...ask, durationMs }, stop);
      if (collected.kind === 'failed') return endOf(collected, isGone(), taken);
      const { profile, samples, note } = collected;
      const sent = await ports.exporter.exportProfile(profile, process, origin);
      control.took(samples, sent.ended);
      taken += samples;
      if (note !== '') notes.add(note);
      const isOver = endMs - ports.nowMs() < MIN_STRETCH_MS || ask.event === 'heap';
      if (stop.aborted || isOver) break;
    }
    const note = [...notes].join('; ');
    if (control.stop.aborted) return { state: 'cancelled', note };
    return { state: 'done', note: isGone() ? [note, ENDED].filter(Boolean).join('; ') : note };
  } finally {
    over.abort();
    await watching;
  }
}

const ENDED = 'it ended during the task';

/** What is in use cannot be added up over stretches. */
function stretchMs(
  { stretchMs: longest }: ProcessProfiler,
  { event }: Ask,
  leftMs: number,
): number {
  return Math.max(MIN_STRETCH_MS, event === 'heap' ? leftMs : Math.min(leftMs, longest));
}

function endOf(
  { reason, message }: Extract<Collected, { kind: 'failed' }>,
  isGone: boolean,
  taken: number,
): ProcessEnd {
  if (reason === 'cancelled') return { state: 'cancelled', note: message };
  if (!isGone) return { state: 'failed', reason, message };
  if (taken > 0) return { state: 'done', note: ENDED };
  return {
    state: 'failed',
    reason: 'process_ended',
    message: `${ENDED}, before it had given anything`,
  };
}
