import { formatDuration, type Outcome, type Task } from '@kube-eagle/api';
import type { Command } from 'commander';
import {
  type ServerOptions,
  wholeNumber,
  withConnection,
  withJson,
  withServer,
} from '../options.ts';
import { ago } from '../output/ago.ts';
import { printable } from '../output/printable.ts';
import { processLines } from '../output/process-lines.ts';
import { count } from '../output/quality-line.ts';
import { type Column, table } from '../output/table.ts';
import { targetWords } from '../output/target-words.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';
import { taskChanges } from '../task-changes.ts';

interface TasksOptions extends ServerOptions {
  readonly output?: 'json';
  readonly limit: number;
}

/** `eagle tasks list|get|cancel|watch`: recordings, running and past. */
export function addTasks(program: Command, shell: Shell): void {
  const tasks = program
    .command('tasks')
    .summary('list, show, watch and cancel recordings')
    .description('Recordings, running and past.')
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} tasks list --limit 5
  ${shell.name} tasks watch ID
  ${shell.name} tasks cancel ID
  ${shell.name} query '{task_id="ID"}'`,
    );
  withServer(withJson(tasks.command('list').description('Lists tasks, the newest first.')))
    .option('--limit <n>', 'tasks', wholeNumber('--limit', 1_000), 20)
    .action((options: TasksOptions) => list(shell, options));
  one(tasks, 'get', 'Shows a task and what became of it on each node.').action(
    (id: string, options: TasksOptions) =>
      withConnection(shell, options, async ({ client }) =>
        show(shell, options, await client.tasks.getTask({ id }, { signal: shell.signal })),
      ),
  );
  one(tasks, 'cancel', 'Ends a task early; what was taken is kept.').action(
    (id: string, options: TasksOptions) =>
      withConnection(shell, options, async ({ client }) =>
        show(shell, options, await client.tasks.cancelTask({ id }, { signal: shell.signal })),
      ),
  );
  one(tasks, 'watch', 'Shows a task whenever it changes, until it has ended.').action(
    (id: string, options: TasksOptions) =>
      withConnection(shell, options, async (connection) => {
        for await (const task of taskChanges(connection, id, shell.signal)) {
          await show(shell, options, task);
        }
      }),
  );
}

function one(tasks: Command, name: string, description: string): Command {
  return withServer(withJson(tasks.command(name).description(description).argument('<id>')));
}

async function list(shell: Shell, options: TasksOptions): Promise<void> {
  const { limit } = options;
  const answer = await withConnection(shell, options, ({ client }) =>
    client.tasks.listTasks({ limit }, { signal: shell.signal }),
  );
  if (options.output === 'json') return await writeJson(shell, answer);
  if (answer.tasks.length === 0) {
    await shell.stderr.write(`no tasks yet: see ${shell.name} record --help\n`);
    return;
  }
  const lines = table(answer.tasks, columns(shell.nowMs()), shell.stdout.width);
  await shell.stdout.write(`${lines.join('\n')}\n`);
}

function columns(nowMs: number): readonly Column<Task>[] {
  return [
    { head: 'ID', cell: ({ id }) => id },
    { head: 'STATE', cell: ({ state }) => state },
    { head: 'AGE', align: 'right', cell: ({ createdMs }) => ago(createdMs, nowMs) },
    {
      head: 'LENGTH',
      align: 'right',
      cell: ({ spec }) => formatDuration(spec?.durationMs ?? 0),
    },
    { head: 'HZ', align: 'right', cell: ({ spec }) => String(spec?.rateHz ?? 0) },
    { head: 'SAMPLES', align: 'right', cell: (task) => count(samplesOf(task)) },
    { head: 'TARGETS', cell: targetWords },
  ];
}

function samplesOf({ outcomes }: Task): number {
  return outcomes.reduce((sum, { samples }) => sum + samples, 0);
}

function nodeLine({ node, state, reason, message, samples }: Outcome): string {
  const parts = [`  ${node}`, state, `${count(samples)} samples`, reason, message];
  return parts.filter((part) => part !== '').join('  ');
}

async function show(shell: Shell, options: TasksOptions, task: Task): Promise<void> {
  if (options.output === 'json') return await writeJson(shell, task);
  const length = formatDuration(task.spec?.durationMs ?? 0);
  const { rateHz = 0, event = '', profiler = '' } = task.spec ?? {};
  const what = [event || 'cpu', profiler === '' ? '' : `by ${profiler}`].join(' ').trim();
  const lines = [
    `${task.id}  ${task.state}  ${targetWords(task)}  ${length} at ${rateHz} Hz  ${what}`,
    ...task.outcomes.flatMap((outcome) => [
      nodeLine(outcome),
      ...processLines(outcome, Number.POSITIVE_INFINITY).map((line) => `  ${line}`),
    ]),
  ];
  await shell.stdout.write(`${lines.map(printable).join('\n')}\n`);
}
