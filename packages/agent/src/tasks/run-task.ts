import { REASONS } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import { type Exporter, samplesIn } from '../export/exporter.ts';
import type { BatchEnd } from '../export/sender.ts';
import type { Limits } from '../limits.ts';
import type { Ask, Refusal } from '../profilers/profiler.ts';
import type { ResourceTable } from '../profilers/resource-table.ts';
import type { SampleWindow } from '../sampler/sampler.ts';
import { findSubjects, type RunningHere, type Subjects } from './find-subjects.ts';
import { type Plan, type PlanPorts, planTask, type WideJob } from './plan-task.ts';
import { createProcessOutcomes, type ProcessOutcomes } from './process-outcomes.ts';
import { recordProcess } from './record-process.ts';
import type { TaskOutcome } from './reporter.ts';
import { askOf, type TaskRequest } from './task-request.ts';
import { allEnded } from './watch-subjects.ts';

const WINDOW_MS = 10_000;
const MIN_WINDOW_MS = 100;

export interface TaskPorts {
  readonly node: string;
  readonly profilers: PlanPorts['profilers'];
  readonly resources: ResourceTable;
  readonly exporter: Pick<Exporter, 'exportUrgently' | 'exportProfile'>;
  readonly here: RunningHere;
  readonly limits: Limits;
  readonly nowMs: () => number;
}

/** What a task that runs is told, and tells. */
export interface TaskControl {
  /** Somebody cancelled it: send what was taken and end. */
  readonly cancelled: AbortSignal;
  /** Everything is over: end now. */
  readonly deadline: AbortSignal;
  /** Called after each result with all that is known so far. */
  progress(outcome: TaskOutcome): void;
}

/** A task under way. */
interface Run {
  readonly task: TaskRequest;
  readonly ask: Ask;
  readonly subjects: Subjects;
  readonly ports: TaskPorts;
  readonly control: TaskControl;
  readonly processes: ProcessOutcomes;
  /** What could not be had. */
  readonly troubles: Refusal[];
  /** The way of each part of the result to the server. */
  readonly ends: Promise<BatchEnd>[];
  samples: number;
  /** Whether anything of it could be profiled. */
  gave: boolean;
}

/**
 * Profiles for a task and has the server acknowledge every sample before it gives the outcome. Throws
 * nothing.
 */
export async function runTask(
  task: TaskRequest,
  ports: TaskPorts,
  control: TaskControl,
): Promise<TaskOutcome> {
  const subjects = findSubjects(task, ports.here);
  const { refusals, pids, threads, cgroups } = subjects;
  const run: Run = {
    ...{ task, ask: askOf(task), subjects, ports, control },
    ...{ processes: createProcessOutcomes(), troubles: [...refusals], ends: [] },
    ...{ samples: 0, gave: false },
  };
  if (refusals.length > 0 && pids.length + threads.length + cgroups.length === 0) {
    return outcomeOf(run, 'time_over');
  }
  try {
    const plan = await planTask({ ask: run.ask, profiler: task.profiler }, subjects, {
      profilers: ports.profilers,
      processesIn: ports.here.processesIn,
    });
    const stop = await record(run, plan);
    const undelivered = await deliveredBy(run.ends, control.deadline);
    if (undelivered !== undefined) {
      return { ...soFar(run), state: 'failed', reason: 'deadline', message: undelivered };
    }
    return outcomeOf(run, stop);
  } catch (error) {
    const message = messageOf(error);
    return { ...soFar(run), state: 'failed', reason: 'sampler_failed', message };
  }
}

/** Why profiling stopped. */
type Stop = 'time_over' | 'cancelled' | 'subjects_ended';

/** Does all of a plan at once; resolves when the last part has ended. */
async function record(run: Run, { wide, jobs, refused, problems }: Plan): Promise<Stop> {
  const { processes, troubles } = run;
  troubles.push(...problems);
  for (const { process, reason, message } of refused) {
    processes.add(process, { language: process.language, profiler: run.task.profiler, why: '' });
    processes.end(process, { state: 'failed', reason, message });
    troubles.push({ reason, message });
  }
  const recordings = jobs.map((job) => recordJob(run, job));
  const stops = await Promise.all([...(wide ? [recordWide(run, wide)] : []), ...recordings]);
  if (run.control.cancelled.aborted) return 'cancelled';
  return stops.length > 0 && stops.every((stop) => stop === 'subjects_ended')
    ? 'subjects_ended'
    : 'time_over';
}

async function recordJob(run: Run, job: Plan['jobs'][number]): Promise<Stop> {
  const { ask, ports, control, processes, task } = run;
  const { process, profiler, why } = job;
  processes.add(process, { language: process.language, profiler: profiler.name, why });
  const end = await recordProcess(job, ask, ports, {
    origin: { node: ports.node, taskId: task.taskId },
    stop: AbortSignal.any([control.cancelled, control.deadline]),
    took(samples, ended) {
      processes.took(process, samples);
      took(run, samples, ended);
    },
  });
  processes.end(process, end);
  if (end.state === 'failed') run.troubles.push({ reason: end.reason, message: end.message });
  else run.gave = true;
  return ports.here.startTicks(process.pid) === process.startTicks ? 'time_over' : 'subjects_ended';
}

async function recordWide(run: Run, job: WideJob): Promise<Stop> {
  try {
    return await recordWindows(run, job);
  } catch (error) {
    const refusal = { reason: 'sampler_failed', message: messageOf(error) } as const;
    run.troubles.push(refusal);
    for (const { process, why } of job.processes) {
      run.processes.add(process, { language: process.language, profiler: job.profiler.name, why });
      run.processes.end(process, { state: 'failed', ...refusal });
    }
    return 'time_over';
  }
}

async function recordWindows(run: Run, job: WideJob): Promise<Stop> {
  const { ask, ports, control, processes, subjects, task } = run;
  const windowMs = Math.max(MIN_WINDOW_MS, Math.min(ask.durationMs, WINDOW_MS));
  const { pids, threads, cgroups } = job.scope;
  const request = { pids, threads, cgroups, rateHz: ask.rateHz, windowMs };
  const { sampler, driver } = await job.profiler.open(request);
  await using _sampler = sampler;
  const languages = new Map(job.processes.map(({ process }) => [process.pid, process.language]));
  const languageOf = (pid: number): string => languages.get(pid) ?? '';
  const origin = { node: ports.node, profiler: driver, taskId: task.taskId, languageOf };
  for (const { process, why } of job.processes) {
    processes.add(process, { language: process.language, profiler: driver, why });
  }
  const stopping = new AbortController();
  const timeOver = AbortSignal.timeout(Math.round(ask.durationMs));
  const stop = AbortSignal.any([timeOver, control.cancelled, control.deadline, stopping.signal]);
  const ended = allEnded(subjects, stop).then((all) => {
    if (all) stopping.abort();
  });
  const keep = async (window: SampleWindow): Promise<void> => {
    if (subjects.anyRuns) processes.tookWindow(window, driver);
    const sent = await ports.exporter.exportUrgently(window, origin, control.deadline);
    took(run, samplesIn(window), sent.ended, !stop.aborted);
  };
  try {
    for await (const window of sampler.windows(stop)) await keep(window);
  } finally {
    stopping.abort();
    await ended;
  }
  run.gave = true;
  const state = control.cancelled.aborted ? 'cancelled' : 'done';
  processes.endAll(driver, { state, note: '' });
  return timeOver.aborted || control.deadline.aborted ? 'time_over' : 'subjects_ended';
}

/** Counts a part of the result, and tells of it. */
function took(
  run: Run,
  samples: number,
  ended: Promise<BatchEnd> | undefined,
  isTold = true,
): void {
  run.samples += samples;
  if (ended !== undefined) run.ends.push(ended);
  if (isTold) run.control.progress({ ...soFar(run), state: 'running', reason: '', message: '' });
}

function soFar({ samples, processes }: Run) {
  return { samples, processes: processes.list(), processesLeftOut: processes.leftOut() };
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

const MAX_MESSAGES = 8;

/** The first reason, and all that is to be said. */
function joined(refusals: readonly Refusal[]): Refusal | undefined {
  const [first] = refusals;
  if (!first) return undefined;
  const messages = [...new Set(refusals.map(({ message }) => message))];
  const rest = messages.length - MAX_MESSAGES;
  const shown = [...messages.slice(0, MAX_MESSAGES), ...(rest > 0 ? [`And ${rest} more.`] : [])];
  return { ...first, message: shown.join(' ') };
}

function outcomeOf(run: Run, stop: Stop): TaskOutcome {
  const all = soFar(run);
  if (stop === 'cancelled') {
    return { ...all, state: 'cancelled', reason: 'cancelled', message: REASONS.cancelled };
  }
  const trouble = joined(run.troubles);
  if (trouble) return { ...all, state: run.gave ? 'partial' : 'failed', ...trouble };
  if (stop === 'subjects_ended') {
    return { ...all, state: 'done', reason: 'process_ended', message: REASONS.process_ended };
  }
  return { ...all, state: 'done', reason: '', message: '' };
}
