import type { Command } from 'commander';
import { type ServerOptions, withJson, withServer } from '../options.ts';
import type { Shell } from '../shell.ts';
import { listTargets } from './list-targets.ts';

interface TargetsOptions extends ServerOptions {
  readonly output?: 'json';
  readonly node?: string;
}

/** `eagle targets`: what can be recorded. */
export function addTargets(program: Command, shell: Shell): void {
  const command = program
    .command('targets')
    .summary('list what can be recorded')
    .description(
      'Lists the containers, services and programs that run on each node, as its agent tells, by the word that eagle record takes.',
    )
    .option('--node <name>', 'only of this node');
  withServer(withJson(command))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} targets
  ${shell.name} targets --node node-7
  ${shell.name} targets -o json | jq -r '.nodes[].inventory.containers[].name'`,
    )
    .action((options: TargetsOptions) => listTargets(shell, options));
}
