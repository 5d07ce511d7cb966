import { REASONS } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import { type Exporter, samplesIn } from '../export/exporter.ts';
import type { BatchEnd } from '../export/sender.ts';
import type { Limits } from '../limits.ts';
import type { OpenedSampler } from '../sampler/open-sampler.ts';
import type { SampleRequest, SampleWindow } from '../sampler/sampler.ts';
import { findSubjects, type RunningHere, type Subjects } from './find-subjects.ts';
import type { TaskOutcome } from './reporter.ts';
import type { Refusal, TaskRequest } from './task-request.ts';
import { allEnded } from './watch-subjects.ts';

const WINDOW_MS = 10_000;
const MIN_WINDOW_MS = 100;

export interface TaskPorts {
  readonly node: string;
  readonly openSampler: (request: SampleRequest) => Promise<OpenedSampler>;
  readonly exporter: Pick<Exporter, 'exportUrgently'>;
  readonly here: RunningHere;
  readonly limits: Limits;
}

/** What a task that runs is told, and tells. */
export interface TaskControl {
  /** Somebody cancelled it: send what was taken and end. */
  readonly cancelled: AbortSignal;
  /** Everything is over: end now. */
  readonly deadline: AbortSignal;
  /** Called after each window with the samples so far. */
  progress(samples: number): void;
}

/**
 * Samples for a task and has the server acknowledge every sample before it gives the outcome. Throws
 * nothing.
 */
export async function runTask(
  task: TaskRequest,
  ports: TaskPorts,
  control: TaskControl,
): Promise<TaskOutcome> {
  const subjects = findSubjects(task, ports.here);
  const { pids, threads, cgroups, refusals } = subjects;
  const refusal = joined(refusals);
  if (refusal && pids.length + threads.length + cgroups.length === 0) {
    return { state: 'failed', ...refusal, samples: 0 };
  }
  const taken: Taken = { samples: 0, ends: [] };
  try {
    const stop = await record(task, ports, { subjects, control, taken });
    const undelivered = await deliveredBy(taken.ends, control.deadline);
    if (undelivered !== undefined) {
      return { state: 'failed', reason: 'deadline', message: undelivered, samples: taken.samples };
    }
    return outcomeOf(stop, refusal, taken.samples);
  } catch (error) {
    const message = messageOf(error);
    return { state: 'failed', reason: 'sampler_failed', message, samples: taken.samples };
  }
}

interface Taken {
  samples: number;
  readonly ends: Promise<BatchEnd>[];
}

/** Why sampling stopped. */
type Stop = 'time_over' | 'cancelled' | 'subjects_ended';

async function record(
  task: TaskRequest,
  ports: TaskPorts,
  {
    subjects,
    control,
    taken,
  }: { readonly subjects: Subjects; readonly control: TaskControl; readonly taken: Taken },
): Promise<Stop> {
  const windowMs = Math.max(MIN_WINDOW_MS, Math.min(task.durationMs, WINDOW_MS));
  const rateHz = Math.round(task.rateHz);
  const { sampler, driver } = await ports.openSampler({ ...subjects, rateHz, windowMs });
  await using _sampler = sampler;
  const origin = { node: ports.node, profiler: driver, taskId: task.taskId };
  const stopping = new AbortController();
  const timeOver = AbortSignal.timeout(Math.round(task.durationMs));
  const stop = AbortSignal.any([timeOver, control.cancelled, control.deadline, stopping.signal]);
  const ended = allEnded(subjects, stop).then((all) => {
    if (all) stopping.abort();
  });
  const keep = async (window: SampleWindow): Promise<void> => {
    taken.samples += samplesIn(window);
    const sent = await ports.exporter.exportUrgently(window, origin, control.deadline);
    if (sent.ended !== undefined) taken.ends.push(sent.ended);
    if (!stop.aborted) control.progress(taken.samples);
  };
  try {
    for await (const window of sampler.windows(stop)) await keep(window);
  } finally {
    stopping.abort();
    await ended;
  }
  if (control.cancelled.aborted) return 'cancelled';
  return timeOver.aborted || control.deadline.aborted ? 'time_over' : 'subjects_ended';
}

/** Waits for the server to have everything; says what it lacks, `undefined` where nothing. */
async function deliveredBy(
  ends: readonly Promise<BatchEnd>[],
  deadline: AbortSignal,
): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const onAbort = (): void => resolve('late');
  if (deadline.aborted) onAbort();
  deadline.addEventListener('abort', onAbort);
  try {
    const all = await Promise.race([Promise.all(ends), late]);
    if (all === 'late') return `the result was not taken in time. ${REASONS.deadline}`;
    const dropped = all.find((end) => end.kind === 'dropped');
    return dropped && `a part of the result was dropped: ${dropped.message}`;
  } finally {
    deadline.removeEventListener('abort', onAbort);
  }
}

/** The first reason, and all that is to be said. */
function joined(refusals: readonly Refusal[]): Refusal | undefined {
  const [first] = refusals;
  return first && { ...first, message: refusals.map(({ message }) => message).join(' ') };
}

function outcomeOf(stop: Stop, refusal: Refusal | undefined, samples: number): TaskOutcome {
  if (stop === 'cancelled') {
    return { state: 'cancelled', reason: 'cancelled', message: REASONS.cancelled, samples };
  }
  if (refusal) return { state: 'partial', ...refusal, samples };
  if (stop === 'subjects_ended') {
    return { state: 'done', reason: 'process_ended', message: REASONS.process_ended, samples };
  }
  return { state: 'done', reason: '', message: '', samples };
}
