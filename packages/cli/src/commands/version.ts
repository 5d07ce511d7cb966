import { EagleError } from '@kube-eagle/profile';
import type { Command } from 'commander';
import { type ServerOptions, withConnection, withServer } from '../options.ts';
import { printable } from '../output/printable.ts';
import type { Shell } from '../shell.ts';

/** `eagle version`: of this command, and of the server where one answers. */
export function addVersion(program: Command, shell: Shell): void {
  withServer(program.command('version'))
    .summary('show the versions of this command and of the server')
    .description('Shows the version of this command, and that of the server where one answers.')
    .addHelpText('after', `\nExamples:\n  ${shell.name} version`)
    .action(async (options: ServerOptions) => {
      await shell.stdout.write(`client  ${shell.version}\n`);
      await shell.stdout.write(`server  ${await serverVersion(shell, options)}\n`);
    });
}

async function serverVersion(shell: Shell, options: ServerOptions): Promise<string> {
  try {
    return await withConnection(shell, options, async ({ client, url }) => {
      const { version } = await client.status.status({}, { signal: shell.signal });
      return `${printable(version)} at ${url}`;
    });
  } catch (error) {
    if (!(error instanceof EagleError) || error.code !== 'unavailable') throw error;
    return error.message.split('\n', 1)[0] ?? '';
  }
}
