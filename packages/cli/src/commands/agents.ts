import type { AgentStatus } from '@kube-eagle/api';
import type { Command } from 'commander';
import { type ServerOptions, withConnection, withJson, withServer } from '../options.ts';
import { ago } from '../output/ago.ts';
import { type Column, table } from '../output/table.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';

interface AgentsOptions extends ServerOptions {
  readonly output?: 'json';
}

/** `eagle agents`: which nodes are profiled, and how. */
export function addAgents(program: Command, shell: Shell): void {
  const command = program
    .command('agents')
    .summary('list the agents of the nodes')
    .description('Lists the agents that the server knows, and how each samples its node.');
  withServer(withJson(command))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} agents
  ${shell.name} agents -o json | jq -r '.agents[].agent.node'`,
    )
    .action((options: AgentsOptions) => agents(shell, options));
}

async function agents(shell: Shell, options: AgentsOptions): Promise<void> {
  const answer = await withConnection(shell, options, ({ client }) =>
    client.status.agents({}, { signal: shell.signal }),
  );
  if (options.output === 'json') return await writeJson(shell, answer);
  if (answer.agents.length === 0) {
    await shell.stderr.write('no agents yet: start one on each node to profile\n');
    return;
  }
  const lines = table(answer.agents, columns(shell.nowMs()), shell.stdout.width);
  await shell.stdout.write(`${lines.join('\n')}\n`);
}

function columns(nowMs: number): readonly Column<AgentStatus>[] {
  return [
    { head: 'NODE', cell: ({ agent }) => agent?.node ?? '' },
    {
      head: 'STATE',
      cell: ({ connected, lastSeenMs }) =>
        connected ? 'connected' : `gone, seen ${ago(lastSeenMs, nowMs)}`,
    },
    { head: 'SAMPLER', cell: ({ agent }) => agent?.sampler ?? '' },
    { head: 'HZ', align: 'right', cell: ({ agent }) => String(agent?.rateHz ?? 0) },
    { head: 'LAST WINDOW', cell: ({ lastWindowMs }) => ago(lastWindowMs, nowMs) },
    {
      head: 'TO MEND',
      align: 'right',
      cell: ({ agent }) => String(agent?.findings.filter(({ ok }) => !ok).length ?? 0),
    },
    { head: 'ARCH', cell: ({ agent }) => agent?.arch ?? '' },
    { head: 'VERSION', cell: ({ agent }) => agent?.version ?? '' },
    { head: 'KERNEL', cell: ({ agent }) => agent?.kernel ?? '' },
  ];
}
