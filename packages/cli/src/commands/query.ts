import { EXPORT_FORMATS } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Command } from 'commander';
import {
  checkedSelector,
  type OutputOptions,
  outputFormat,
  rangeOf,
  type SelectionOptions,
  type ServerOptions,
  withConnection,
  withOutput,
  withSelection,
  withServer,
} from '../options.ts';
import type { Format } from '../output/format.ts';
import { giveProfile } from '../output/give-profile.ts';
import type { Shell } from '../shell.ts';

interface QueryOptions extends ServerOptions, SelectionOptions, OutputOptions {}

const SELECTOR = '{namespace="shop", pod=~"web-.*"} or namespace=shop,tier!=db; all if left out';

/** `eagle query [SELECTOR]`: stored profiles, merged. */
export function addQuery(program: Command, shell: Shell): void {
  addProfileCommand(program, shell, {
    name: 'query',
    summary: 'show stored profiles, merged',
    format: 'flame',
    examples: [
      'query',
      `query '{process="nginx"}' --from now-1d`,
      `query namespace=shop --from 2026-03-12T03:00 --to 2026-03-12T04:00 -f night.svg`,
      `query -o json | jq '.rows | length'`,
    ],
  });
}

/** `eagle top [SELECTOR]`: the functions that used most. */
export function addTop(program: Command, shell: Shell): void {
  addProfileCommand(program, shell, {
    name: 'top',
    summary: 'list the functions that used most',
    format: 'top',
    examples: ['top', `top '{namespace="shop"}' --limit 10 --from now-7d`],
  });
}

/** `eagle export [SELECTOR]`: stored profiles for other tools. */
export function addExport(program: Command, shell: Shell): void {
  addProfileCommand(program, shell, {
    name: 'export',
    summary: `write stored profiles for other tools: ${EXPORT_FORMATS.join(', ')}`,
    format: 'pprof',
    allowed: EXPORT_FORMATS,
    examples: [
      'export -f cpu.pb.gz && go tool pprof cpu.pb.gz',
      `export '{namespace="shop"}' -o speedscope > shop.speedscope.json`,
      'export -o folded | flamegraph.pl > cpu.svg',
    ],
  });
}

interface ProfileCommand {
  readonly name: string;
  readonly summary: string;
  /** Where none is asked for. */
  readonly format: Format;
  /** Absent: every format. */
  readonly allowed?: readonly Format[];
  readonly examples: readonly string[];
}

function addProfileCommand(program: Command, shell: Shell, of: ProfileCommand): void {
  const command = program
    .command(of.name)
    .summary(of.summary)
    .description(`${of.summary.charAt(0).toUpperCase()}${of.summary.slice(1)}.`)
    .argument('[selector]', SELECTOR, checkedSelector, '');
  const examples = of.examples.map((example) => `  ${shell.name} ${example}`).join('\n');
  withServer(withOutput(withSelection(command), of.format))
    .addHelpText('after', `\nExamples:\n${examples}`)
    .action((selector: string, options: QueryOptions) => run(shell, selector, options, of));
}

async function run(
  shell: Shell,
  selector: string,
  options: QueryOptions,
  of: ProfileCommand,
): Promise<void> {
  const format = outputFormat(options, of.format);
  if (of.allowed && !of.allowed.includes(format)) {
    throw new EagleError(
      'invalid_argument',
      `${of.name}: expected -o ${of.allowed.join(', ')}, got ${format}: see ${shell.name} query`,
    );
  }
  const { file, rows, fullNames, limit, type } = options;
  const range = rangeOf(shell, options);
  const output = { format, file, rows, fullNames, limit };
  const request = { profileType: type, selector, ...range, ...output };
  await withConnection(shell, options, (connection) =>
    giveProfile(shell, connection, request, shell.signal),
  );
}
