import { type CacheStatus, formatDuration, type Limit, type StatusResponse } from '@kube-eagle/api';
import { formatValue } from '@kube-eagle/profile';
import type { Command } from 'commander';
import { type ServerOptions, withConnection, withJson, withServer } from '../options.ts';
import { ago } from '../output/ago.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/quality-line.ts';
import { type Column, table } from '../output/table.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';

interface StatusOptions extends ServerOptions {
  readonly output?: 'json';
}

/** `eagle status`: the server, what it has stored, and its limits. */
export function addStatus(program: Command, shell: Shell): void {
  const command = program
    .command('status')
    .summary('show the server, its store and its limits')
    .description('Shows the server, what it has stored, and how often each limit was hit.');
  withServer(withJson(command))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} status
  ${shell.name} status -o json --server http://eagle.internal:4040`,
    )
    .action((options: StatusOptions) => status(shell, options));
}

async function status(shell: Shell, options: StatusOptions): Promise<void> {
  const { answer, url } = await withConnection(shell, options, async (connection) => ({
    answer: await connection.client.status.status({}, { signal: shell.signal }),
    url: connection.url,
  }));
  if (options.output === 'json') return await writeJson(shell, answer);
  const lines = [
    ...serverLines(answer, url),
    ...clusterLines(answer, shell.stdout.width),
    '',
    ...table(answer.limits, LIMIT_COLUMNS, shell.stdout.width),
  ];
  await shell.stdout.write(`${lines.join('\n')}\n`);
}

function serverLines(answer: StatusResponse, url: string): string[] {
  const { store, nowMs } = answer;
  const lines = [
    `server  ${printable(answer.version)} at ${url}, up ${formatDuration(answer.uptimeMs)}`,
    `agents  ${answer.agentsConnected} connected`,
  ];
  if (!store) return lines;
  const { rows, series, stacks, sizeBytes, oldestMs, newestMs } = store;
  const range = oldestMs === 0 ? 'empty' : `${ago(oldestMs, nowMs)} to ${ago(newestMs, nowMs)}`;
  return [
    ...lines,
    `store   ${printable(store.engine)}, ${formatValue(sizeBytes, 'bytes')}, ${range}`,
    `        ${count(rows)} rows, ${count(series)} series, ${count(stacks)} stacks`,
  ];
}

function clusterLines({ cluster, nowMs }: StatusResponse, width: number): string[] {
  if (!cluster) return ['cluster none is watched: --kubeconfig of the server names one'];
  const { server, requests, caches } = cluster;
  return [
    `cluster ${printable(server)}, asked ${count(requests)} times`,
    '',
    ...table(caches, cacheColumns(nowMs), width),
  ];
}

function cacheColumns(nowMs: number): readonly Column<CacheStatus>[] {
  return [
    { head: 'CACHE', cell: ({ resource }) => resource },
    { head: 'STATE', cell: ({ state }) => state },
    { head: 'OBJECTS', align: 'right', cell: ({ objects }) => count(objects) },
    { head: 'FRESH', cell: ({ freshMs }) => (freshMs === 0 ? 'never' : ago(freshMs, nowMs)) },
    { head: 'RESTARTS', align: 'right', cell: ({ restarts }) => count(restarts) },
    { head: 'PROBLEM', cell: ({ problem }) => problem },
  ];
}

const LIMIT_COLUMNS: readonly Column<Limit>[] = [
  { head: 'LIMIT', cell: ({ name }) => name },
  { head: 'VALUE', align: 'right', cell: limitValue },
  { head: 'HITS', align: 'right', cell: ({ hits }) => count(hits) },
];

function limitValue({ value, unit }: Limit): string {
  return unit === 'ms' || unit === 'milliseconds'
    ? formatDuration(value)
    : formatValue(value, unit);
}
