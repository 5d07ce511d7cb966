import { EagleError } from '@kube-eagle/profile';
import type { Command } from 'commander';
import {
  checkedSelector,
  rangeOf,
  type SelectionOptions,
  type ServerOptions,
  withConnection,
  withRange,
  withServer,
} from '../options.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import type { Shell } from '../shell.ts';

interface LabelsOptions extends ServerOptions, Pick<SelectionOptions, 'from' | 'to'> {
  readonly selector: string;
}

/** `eagle labels [NAME]`: what stored profiles can be selected by. */
export function addLabels(program: Command, shell: Shell): void {
  const command = program
    .command('labels')
    .summary('list labels and their values')
    .description('Lists the labels of stored profiles, or the values of one, a line each.')
    .argument('[name]', 'label to list the values of', '')
    .option('-l, --selector <selector>', 'only profiles with these labels', checkedSelector, '');
  withServer(withRange(command))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} labels
  ${shell.name} labels process -l namespace=shop --from now-1d`,
    )
    .action((name: string, options: LabelsOptions) => labels(shell, name, options));
}

async function labels(shell: Shell, name: string, options: LabelsOptions): Promise<void> {
  const { selector } = options;
  const range = rangeOf(shell, options);
  const found = await withConnection(shell, options, async ({ client }) => {
    const answer = await client.query.labels(
      { selector, name, ...range },
      { signal: shell.signal },
    );
    return answer.labels.filter(({ values }) => values.length > 0);
  });
  if (found.length === 0) {
    const what = name === '' ? 'labels' : `label ${JSON.stringify(name)}`;
    throw new EagleError(
      'not_found',
      `no ${what} from ${options.from} to ${options.to}: ask for more with --from, or see ${shell.name} labels`,
    );
  }
  const lines =
    name === ''
      ? table(
          found,
          [
            { head: 'LABEL', cell: (label) => label.name },
            {
              head: 'VALUES',
              align: 'right',
              cell: ({ values, leftOut }) => String(values.length + leftOut),
            },
            { head: 'SUCH AS', cell: ({ values }) => values.slice(0, 20).join(', ') },
          ],
          shell.stdout.width,
        )
      : found.flatMap(({ values }) => values.map(printable));
  await shell.stdout.write(`${lines.join('\n')}\n`);
  const leftOut = found.reduce((sum, label) => sum + label.leftOut, 0);
  if (name !== '' && leftOut > 0) {
    await shell.stderr.write(`${leftOut} more values are left out: narrow it with -l\n`);
  }
}
