import { Command } from 'commander';
import { addAgents } from './commands/agents.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addLabels } from './commands/labels.ts';
import { addExport, addQuery, addTop } from './commands/query.ts';
import { addRecord } from './commands/record.ts';
import { addStatus } from './commands/status.ts';
import { addTargets } from './commands/targets.ts';
import { addTasks } from './commands/tasks.ts';
import { addVersion } from './commands/version.ts';
import type { Shell } from './shell.ts';

const COMMANDS = [
  addRecord,
  addQuery,
  addTop,
  addExport,
  addLabels,
  addTargets,
  addAgents,
  addTasks,
  addStatus,
  addDoctor,
  addVersion,
  addCompletion,
] as const;

/** What the command writes itself, help and complaints, goes through `write`. */
export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** The command line with all its commands. Parsing throws instead of ending the process. */
export function createProgram(shell: Shell, { out, err }: ProgramOutput): Command {
  const program = new Command(shell.name)
    .description('See where every CPU second of a cluster goes, without touching the programs.')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: out,
      writeErr: err,
      getOutHelpWidth: () => shell.stdout.width,
      getErrHelpWidth: () => shell.stderr.width,
      getOutHasColors: () => shell.stdout.hasColour,
      getErrHasColors: () => shell.stderr.hasColour,
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} record deploy/web -n shop    what the pods of a deployment do now
  ${shell.name} record pid/1234 -d 10s       what a process does now
  ${shell.name} top --from now-1d            the busiest functions of a day
  ${shell.name} query namespace=shop -f shop.svg

Environment:
  KUBE_EAGLE_SERVER  server to ask, as --server
  KUBE_EAGLE_TOKEN   token to get in with, as --token
  NO_COLOR           no colours

Exit status: 0 ok, 1 error, 2 usage, 130 interrupted.`,
    );
  for (const add of COMMANDS) add(program, shell);
  return program;
}
