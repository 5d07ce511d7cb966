import type { AgentStatus, Finding, StatusResponse } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Command } from 'commander';
import { type ServerOptions, withConnection, withJson, withServer } from '../options.ts';
import { findingLines } from '../output/finding-lines.ts';
import { createPaint } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';

interface DoctorOptions extends ServerOptions {
  readonly output?: 'json';
}

/** What was found on one machine. */
interface Machine {
  readonly node: string;
  readonly findings: readonly Finding[];
}

/** `eagle doctor`: what machines can and cannot do, and how to mend it. */
export function addDoctor(program: Command, shell: Shell): void {
  const command = program
    .command('doctor')
    .summary('check what the machines can do, and how to mend it')
    .description(
      'Shows what each agent found on its machine. Where no server answers, lets the agent beside this command look at this machine. Of a process of this machine, shows how its stacks are walked and named, and what is missing; of a container, which process is its main one.',
    )
    .argument('[target]', 'pid/1234 or container/ID on this machine');
  withServer(withJson(command))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} doctor
  ${shell.name} doctor -o json
  ${shell.name} doctor pid/1234
  ${shell.name} doctor container/4f5e9c

Exits with 1 where something is to be mended.`,
    )
    .action((target: string | undefined, options: DoctorOptions) =>
      target === undefined ? doctor(shell, options) : explain(shell, target, options),
    );
}

async function doctor(shell: Shell, options: DoctorOptions): Promise<void> {
  const { server, machines } = await examine(shell, options);
  if (options.output === 'json') await writeJson(shell, { server, machines });
  else await print(shell, server, machines);
  const bad = [server, ...machines.flatMap(({ findings }) => findings)].filter(({ ok }) => !ok);
  if (bad.length > 0) {
    const names = bad.map(({ name }) => printable(name)).join(', ');
    throw new EagleError('failed_precondition', `to be mended: ${names}`);
  }
}

/** What the agent beside this command makes of a process or container. */
async function explain(shell: Shell, target: string, { output }: DoctorOptions): Promise<void> {
  if (!/^(?:pid\/[1-9]\d{0,6}|container\/[0-9a-f]{4,64})$/.test(target)) {
    throw new EagleError(
      'invalid_argument',
      `expected a process or container of this machine such as pid/1234 or container/4f5e, got ${JSON.stringify(target)}`,
    );
  }
  const explanation = await shell.explainOwnProcess(target, output ?? 'text', shell.signal);
  switch (explanation.kind) {
    case 'explained':
      return await shell.stdout.write(explanation.text);
    case 'absent':
      throw new EagleError(
        'failed_precondition',
        `expected an agent beside this command, ${explanation.tried} is not there: run it on the node`,
      );
    case 'failed':
      throw new EagleError('failed_precondition', explanation.message);
  }
}

type Check = Pick<Finding, 'name' | 'ok' | 'detail' | 'mend'>;

async function examine(shell: Shell, options: DoctorOptions) {
  try {
    return await withConnection(shell, options, async ({ client, url }) => {
      const status = await client.status.status({}, { signal: shell.signal });
      const { agents } = await client.status.agents({}, { signal: shell.signal });
      return { server: serverCheck(status, url, agents), machines: agents.map(machineOf) };
    });
  } catch (error) {
    if (!(error instanceof EagleError) || error.code !== 'unavailable') throw error;
    const [first = '', ...rest] = error.message.split('\n');
    const mend = rest.map((line) => line.trim().replace(/\s+/g, ' ')).join('; ');
    const server = { name: 'server', ok: false, detail: first, mend };
    return { server, machines: await ownMachine(shell) };
  }
}

function serverCheck(
  { version, agentsConnected }: StatusResponse,
  url: string,
  agents: readonly AgentStatus[],
): Check {
  const detail = `${version} at ${url}, ${agentsConnected} of ${agents.length} agents connected`;
  const ok = agentsConnected > 0 && agents.every(({ connected }) => connected);
  return { name: 'server', ok, detail, mend: ok ? '' : 'start the agents that are missing' };
}

function machineOf({ agent, connected }: AgentStatus): Machine {
  const node = agent?.node ?? '';
  return { node: connected ? node : `${node} (gone)`, findings: agent?.findings ?? [] };
}

async function ownMachine(shell: Shell): Promise<Machine[]> {
  await shell.stderr.write('no server answers: looking at this machine with its own agent\n');
  const check = await shell.checkOwnMachine(shell.signal);
  switch (check.kind) {
    case 'checked':
      return [{ node: 'this machine', findings: check.findings }];
    case 'absent':
      await shell.stderr.write(`no agent beside this command: ${check.tried} is not there\n`);
      return [];
    case 'failed':
      throw new EagleError(
        'internal',
        `the agent's check of this machine failed: ${check.message}`,
      );
  }
}

async function print(shell: Shell, server: Check, machines: readonly Machine[]): Promise<void> {
  const paint = createPaint(shell.stdout.hasColour);
  const lines = findingLines([server as Finding], paint);
  for (const { node, findings } of machines) {
    lines.push('', paint.bold(printable(node)));
    lines.push(...findingLines(findings, paint));
    if (findings.length === 0) lines.push('  nothing was reported');
  }
  await shell.stdout.write(`${lines.join('\n')}\n`);
}
