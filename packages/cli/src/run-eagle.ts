import { exitStatus, fromConnectError } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import { CommanderError } from 'commander';
import { printable } from './output/printable.ts';
import { createProgram } from './program.ts';
import type { Shell } from './shell.ts';

/**
 * Runs one command line (the words after `eagle`) and gives its exit status: 0 ok, 1 error, 2 usage,
 * 130 interrupted. Errors are written to standard error, never thrown.
 */
export async function runEagle(shell: Shell, words: readonly string[]): Promise<number> {
  const written: Promise<void>[] = [];
  const program = createProgram(shell, {
    out: (text) => written.push(shell.stdout.write(text)),
    err: (text) => written.push(shell.stderr.write(text)),
  });
  try {
    if (words.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      const isHelp = error.exitCode === 0;
      if (!isHelp) await shell.stderr.write(`see ${shell.name} --help\n`);
      return isHelp ? 0 : 2;
    }
    const known = error instanceof EagleError ? error : fromConnectError(error);
    await shell.stderr.write(`error: ${lines(known.message)}\n`);
    return exitStatus(known);
  } finally {
    await Promise.all(written);
  }
}

/** The lines of a message, each safe to show. */
function lines(message: string): string {
  return message.split('\n').map(printable).join('\n');
}
