import type { Shell } from '../shell.ts';

/** Writes a value as indented JSON to standard output, without the marks of generated messages. */
export async function writeJson(shell: Shell, value: unknown): Promise<void> {
  const plain = (name: string, part: unknown): unknown => (name.startsWith('$') ? undefined : part);
  await shell.stdout.write(`${JSON.stringify(value, plain, 2)}\n`);
}
