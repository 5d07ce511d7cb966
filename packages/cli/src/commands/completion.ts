import { EagleError } from '@kube-eagle/profile';
import type { Command } from 'commander';
import type { Shell } from '../shell.ts';

/** What can follow some words of the command. */
interface Offer {
  /** Words after `eagle`; none for the command itself. */
  readonly path: readonly string[];
  readonly commands: readonly string[];
  /** Long options, with their dashes. */
  readonly options: readonly string[];
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `eagle completion bash|zsh|fish`: a script that completes commands and options. */
export function addCompletion(program: Command, shell: Shell): void {
  program
    .command('completion')
    .summary('print a completion script for bash, zsh or fish')
    .description('Prints a script that completes commands and options.')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      `
Examples:
  source <(eagle completion bash)
  eagle completion zsh > "\${fpath[1]}/_eagle"
  eagle completion fish > ~/.config/fish/completions/eagle.fish`,
    )
    .action(async (name: string) => {
      const script = Object.entries(SCRIPTS).find(([known]) => known === name)?.[1];
      if (!script) {
        throw new EagleError(
          'invalid_argument',
          `expected bash, zsh or fish, got ${JSON.stringify(name)}`,
        );
      }
      await shell.stdout.write(script(offersOf(program)));
    });
}

/** One offer for the command and each of its subcommands, however deep. */
function offersOf(command: Command, path: readonly string[] = []): Offer[] {
  const own = {
    path,
    commands: command.commands.map((sub) => sub.name()),
    options: [...command.options.flatMap(({ long }) => long ?? []), '--help'],
  };
  return [own, ...command.commands.flatMap((sub) => offersOf(sub, [...path, sub.name()]))];
}

/** Follows the words typed so far as far as they are commands; leaves them in `at`. */
function walk(offers: readonly Offer[], typed: string): string {
  const known = offers
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `' ${path.join(' ')}'`);
  return `  local at='' word
  for word in ${typed}; do
    case "$at $word" in
      ${known.join('|')}) at="$at $word" ;;
    esac
  done`;
}

function cases(offers: readonly Offer[], set: (words: string) => string): string {
  const lines = offers.map(({ path, commands, options }) => {
    const pattern = path.map((word) => ` ${word}`).join('');
    return `    '${pattern}') ${set([...commands, ...options].join(' '))} ;;`;
  });
  return `  case "$at" in\n${lines.join('\n')}\n  esac`;
}

function bashScript(offers: readonly Offer[]): string {
  return `_eagle() {
  local words=''
${walk(offers, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
${cases(offers, (words) => `words='${words}'`)}
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _eagle eagle
`;
}

function zshScript(offers: readonly Offer[]): string {
  return `#compdef eagle
_eagle() {
  local -a offers
${walk(offers, `"\${(@)words[2,CURRENT-1]}"`)}
${cases(offers, (words) => `offers=(${words})`)}
  compadd -- $offers
  _files
}
if [ "$funcstack[1]" = '_eagle' ]; then _eagle; else compdef _eagle eagle; fi
`;
}

function fishScript(offers: readonly Offer[]): string {
  const lines = offers.flatMap(({ path, commands, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const when = seen === '' ? '__fish_use_subcommand' : seen;
    const long = options.map((option) => `complete -c eagle -n '${when}' -l ${option.slice(2)}`);
    return commands.length === 0
      ? long
      : [`complete -c eagle -f -n '${when}' -a '${commands.join(' ')}'`, ...long];
  });
  return `${lines.join('\n')}\n`;
}
