import {
  EVENT_NAMES,
  EVENTS,
  type EventName,
  formatDuration,
  isEnded,
  isEventName,
  type Outcome,
  REASONS,
  type Reason,
  TARGET_EXAMPLES,
  type Task,
} from '@kube-eagle/api';
import { EagleError, profileTypeId } from '@kube-eagle/profile';
import type { Command } from 'commander';
import {
  duration,
  type OutputOptions,
  outputFormat,
  type ScopeOptions,
  type ServerOptions,
  scopeOf,
  wholeNumber,
  withConnection,
  withOutput,
  withScope,
  withServer,
} from '../options.ts';
import { giveProfile } from '../output/give-profile.ts';
import { printable } from '../output/printable.ts';
import { processLines } from '../output/process-lines.ts';
import { showProgress } from '../output/progress.ts';
import { count } from '../output/quality-line.ts';
import { targetWords } from '../output/target-words.ts';
import type { Connection } from '../server/connection.ts';
import type { Shell } from '../shell.ts';
import { checkedTargets } from '../target.ts';
import { taskChanges } from '../task-changes.ts';

interface RecordOptions extends ServerOptions, OutputOptions, ScopeOptions {
  readonly duration: number;
  readonly rate: number;
  readonly event: EventName;
  /** Empty for the usual one. */
  readonly profiler: string;
  readonly native?: boolean;
  readonly async?: boolean;
  readonly main?: boolean;
}

/** `eagle record TARGET…`: a profile on demand, from the task to its picture. */
export function addRecord(program: Command, shell: Shell): void {
  const command = program
    .command('record')
    .summary('profile workloads, pods, processes or hosts now')
    .description(
      'Profiles workloads, pods, processes, services or hosts now, and shows where their time went.',
    )
    .argument('[target...]', TARGET_EXAMPLES)
    .option('-d, --duration <time>', 'how long', duration('--duration'), 30_000)
    .option('-F, --rate <hz>', 'samples a second and CPU', wholeNumber('--rate', 1_000), 99)
    .option('-e, --event <event>', `what to take: ${EVENT_NAMES.join(', ')}`, checkedEvent, 'cpu')
    .option(
      '-p, --profiler <name>',
      'auto, ebpf, async-profiler, py-spy, go-pprof (ebpf for cpu, else auto)',
      '',
    )
    .option('--native', 'frames of native code too, where a profiler leaves them out')
    .option('--main', 'of containers only the main process, seen through sh, tini and the like')
    .option('-a, --async', 'print the id and the URL of the task, do not wait');
  withServer(withOutput(withScope(command), 'flame'))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} record deploy/web -n shop -d 10s
  ${shell.name} record -l app=web,tier!=db -A -c main -d 10s
  ${shell.name} record pid/1234 -d 10s
  ${shell.name} record container/4f5e9c unit/nginx.service -d 10s
  ${shell.name} record docker/web process/postgres -d 10s
  ${shell.name} record host -d 1m -F 199 -f host.svg
  ${shell.name} record container/4f5e9c -e alloc -d 20s        # Java and Go
  ${shell.name} record pid/1234 --profiler py-spy -e wall -d 5s
  ${shell.name} record pid/1234@node-7 pid/99@node-8 -o folded > both.folded
  id=$(${shell.name} record node/node-7 -a | head -1); ${shell.name} tasks watch $id

Ctrl-C ends the recording early and shows what was taken until then.`,
    )
    .action((targets: readonly string[], options: RecordOptions) =>
      record(shell, targets, options),
    );
}

function checkedEvent(event: string): EventName {
  if (isEventName(event)) return event;
  throw new EagleError(
    'invalid_argument',
    `--event: expected ${EVENT_NAMES.join(', ')}, got ${JSON.stringify(event)}`,
  );
}

async function record(
  shell: Shell,
  targets: readonly string[],
  options: RecordOptions,
): Promise<void> {
  const spec = {
    targets: checkedTargets(targets, options.selector),
    scope: scopeOf(options),
    durationMs: options.duration,
    rateHz: options.rate,
    event: options.event,
    profiler: options.profiler,
    nativeFrames: options.native ?? false,
    mainOnly: options.main ?? false,
    idempotencyKey: shell.randomId(),
  };
  await withConnection(shell, options, async (connection) => {
    const task = await connection.client.tasks.createTask({ spec });
    if (options.async) {
      await shell.stdout.write(`${task.id}\n${pageUrl(connection, task, options.event)}\n`);
      return;
    }
    const ended = await taskEnd(shell, connection, task);
    await sayOutcomes(shell, ended);
    if (samplesOf(ended) === 0) throw noSamples(ended);
    await giveProfile(
      shell,
      connection,
      {
        profileType: profileTypeId(EVENTS[options.event].type),
        selector: ended.selector,
        ...resultRange(shell, ended),
        format: outputFormat(options, 'flame'),
        file: options.file,
        rows: options.rows,
        fullNames: options.fullNames,
        limit: options.limit,
      },
      // An interrupted recording still shows what it has; a second interrupt ends the process.
      AbortSignal.any([]),
    );
  });
  if (shell.signal.aborted) throw new EagleError('canceled', 'interrupted: this is what was taken');
}

/** Of each node; `tasks get` shows all. */
const MAX_PROCESSES = 10;

/** Clocks of a node and of this machine may differ by that much. */
const SKEW_MS = 3_600_000;

function resultRange(shell: Shell, task: Task) {
  return { fromMs: task.createdMs - SKEW_MS, toMs: (task.endedMs || shell.nowMs()) + SKEW_MS };
}

function pageUrl({ url }: Connection, { selector }: Task, event: EventName): string {
  const type = event === 'cpu' ? {} : { type: profileTypeId(EVENTS[event].type) };
  return `${url}/?${new URLSearchParams({ ...type, q: selector })}`;
}

/** Waits for a task's end; an interrupt cancels it, and still waits for what was taken. */
async function taskEnd(shell: Shell, connection: Connection, task: Task): Promise<Task> {
  const { signal, stderr } = shell;
  const watching = new AbortController();
  let latest = task;
  const cancel = async (): Promise<void> => {
    await stderr.write(`\ncancelling ${task.id}, once more Ctrl-C to leave at once\n`);
    try {
      await connection.client.tasks.cancelTask({ id: task.id });
    } catch (error) {
      watching.abort(error);
    }
  };
  const onAbort = (): void => void cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  if (!stderr.canRewrite) await stderr.write(`recording ${subject(task)}, task ${task.id}\n`);
  {
    await using _ = showProgress(shell, () => progressLine(latest, shell.nowMs()));
    for await (const change of taskChanges(connection, task.id, watching.signal)) latest = change;
  }
  signal.removeEventListener('abort', onAbort);
  if (!stderr.canRewrite) {
    await stderr.write(`task ${task.id} ${latest.state}, ${count(samplesOf(latest))} samples\n`);
  }
  return latest;
}

function subject(task: Task): string {
  const { spec } = task;
  const length = formatDuration(spec?.durationMs ?? 0);
  return `${targetWords(task)} for ${length} at ${spec?.rateHz} Hz`;
}

function progressLine(task: Task, nowMs: number): string {
  if (isEnded(task.state)) return task.state;
  const lengthMs = task.spec?.durationMs ?? 0;
  const passedMs = task.startedMs === 0 ? 0 : Math.max(0, nowMs - task.startedMs);
  const part = lengthMs === 0 ? 0 : Math.min(1, passedMs / lengthMs);
  const bar = '█'.repeat(Math.round(part * 20)).padEnd(20, '░');
  const seconds = (Math.min(passedMs, lengthMs) / 1_000).toFixed(1);
  return `${bar} ${seconds} s of ${formatDuration(lengthMs)}  ${task.state} ${targetWords(task)}`;
}

function samplesOf({ outcomes }: Task): number {
  return outcomes.reduce((sum, { samples }) => sum + samples, 0);
}

/** What an operator should know of a node's part. */
function outcomeLine({ node, state, reason, message }: Outcome): string {
  const advice = Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : '';
  const sentence = /[^.!?]$/.test(message) ? `${message}.` : message;
  const text = message.includes(advice) ? message : `${sentence} ${advice}`;
  return printable(`${node}: ${state} (${reason}). ${text.trim()}`);
}

async function sayOutcomes(shell: Shell, task: Task): Promise<void> {
  if (samplesOf(task) === 0) return;
  for (const outcome of task.outcomes) {
    if (outcome.reason !== '') await shell.stderr.write(`${outcomeLine(outcome)}\n`);
    for (const line of processLines(outcome, MAX_PROCESSES)) await shell.stderr.write(`${line}\n`);
  }
}

function noSamples(task: Task): EagleError {
  const cancelled = task.state === 'cancelled';
  const lines = task.outcomes.flatMap((outcome) => [
    outcome.reason === ''
      ? `${outcome.node}: ${outcome.state} (no_samples). ${REASONS.no_samples}`
      : outcomeLine(outcome),
    ...processLines(outcome, MAX_PROCESSES).map((line) => `  ${line}`),
  ]);
  const message = [`task ${task.id} ${task.state} without samples`, ...lines].join('\n  ');
  return new EagleError(cancelled ? 'canceled' : 'failed_precondition', message);
}
