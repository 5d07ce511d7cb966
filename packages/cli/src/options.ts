import { parseDurationMs, parseTimeMs } from '@kube-eagle/api';
import {
  CPU,
  EagleError,
  parseProfileTypeId,
  parseSelector,
  profileTypeId,
} from '@kube-eagle/profile';
import { type Command, Option } from 'commander';
import { FORMATS, type Format, formatOf } from './output/format.ts';
import { type Connection, DEFAULT_SERVER, serverAddress } from './server/connection.ts';
import { explained } from './server/explain.ts';
import type { Shell } from './shell.ts';

export interface ServerOptions {
  readonly server?: string;
  readonly token?: string;
}

export function withServer(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', `server to ask (KUBE_EAGLE_SERVER, else ${DEFAULT_SERVER})`),
    )
    .addOption(new Option('--token <token>', 'token to get in with (KUBE_EAGLE_TOKEN)'));
}

/**
 * Runs `ask` with a connection to the server that options and environment name. What goes wrong on
 * the way is explained: nobody there, somebody else there, no token.
 */
export async function withConnection<T>(
  shell: Shell,
  options: ServerOptions,
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  const address = serverAddress(
    options.server ?? (shell.env['KUBE_EAGLE_SERVER'] || DEFAULT_SERVER),
    options.token ?? (shell.env['KUBE_EAGLE_TOKEN'] || undefined),
  );
  try {
    return await ask(shell.connect(address));
  } catch (error) {
    if (shell.signal.aborted && !(error instanceof EagleError)) {
      throw new EagleError('canceled', 'interrupted', { cause: error });
    }
    throw explained(error, address.url);
  }
}

/** Where targets of Kubernetes are looked for: kubectl's flags. */
export interface ScopeOptions {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly selector: string;
  readonly container: string;
}

export function withScope(command: Command): Command {
  return command
    .option('-n, --namespace <name>', "namespace of Kubernetes' targets (default: default)", '')
    .option('-A, --all-namespaces', 'look for them in all namespaces')
    .option('-l, --selector <labels>', 'only pods with these labels', checkedSelector, '')
    .option('-c, --container <name>', 'only containers of this name', '');
}

/** The scope that the flags say. */
export function scopeOf({ namespace, allNamespaces = false, ...rest }: ScopeOptions) {
  if (namespace !== '' && allNamespaces) {
    throw new EagleError('invalid_argument', 'expected -n or -A, got both');
  }
  return { namespace, allNamespaces, selector: rest.selector, container: rest.container };
}

export interface SelectionOptions {
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

export function withRange(command: Command): Command {
  return command
    .option('--from <time>', 'begin: now-1h, 2026-03-12T03:12, or ms since the epoch', 'now-1h')
    .option('--to <time>', 'end, not included', 'now');
}

export function withSelection(command: Command): Command {
  return withRange(command.option('--type <id>', 'profile type', checkedType, profileTypeId(CPU)));
}

function checkedType(id: string): string {
  if (parseProfileTypeId(id)) return id;
  throw new EagleError(
    'invalid_argument',
    `--type: expected five words such as ${profileTypeId(CPU)}, got ${JSON.stringify(id)}`,
  );
}

/** Begin and end. Throws `invalid_argument` unless the begin is before the end. */
export function rangeOf(shell: Shell, { from, to }: Pick<SelectionOptions, 'from' | 'to'>) {
  const nowMs = shell.nowMs();
  const fromMs = named('--from', () => parseTimeMs(from, nowMs));
  const toMs = named('--to', () => parseTimeMs(to, nowMs));
  if (fromMs < toMs) return { fromMs, toMs };
  throw new EagleError('invalid_argument', `expected --from before --to, got ${from} and ${to}`);
}

/** A selector as typed. Throws `invalid_argument` for one that is none. */
export function checkedSelector(text: string): string {
  parseSelector(text);
  return text;
}

export interface OutputOptions {
  readonly output?: Format;
  readonly file?: string;
  readonly rows: number;
  readonly fullNames: boolean;
  readonly limit: number;
}

export function withOutput(command: Command, fallback: Format): Command {
  return command
    .addOption(
      new Option(
        '-o, --output <format>',
        `format (default: by the name of FILE, else ${fallback})`,
      ).choices(FORMATS),
    )
    .option('-f, --file <path>', 'write to a file instead of standard output')
    .option('--rows <n>', 'rows of a flame graph in text', wholeNumber('--rows', 10_000), 60)
    .option('--full-names', 'whole names in a flame graph in text, however long', false)
    .option('--limit <n>', 'functions of a list', wholeNumber('--limit', 10_000), 30);
}

/** `-o json` for commands whose answer is a table. */
export function withJson(command: Command): Command {
  return command.addOption(new Option('-o, --output <format>', 'format').choices(['json']));
}

/** The format asked for, or the one a file's name means. */
export function outputFormat(options: OutputOptions, fallback: Format): Format {
  return options.output ?? formatOf(options.file ?? '') ?? fallback;
}

/** Reads 1 to `most`. */
export function wholeNumber(name: string, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new EagleError(
      'invalid_argument',
      `${name}: expected a whole number of 1 to ${most}, got ${JSON.stringify(text)}`,
    );
  };
}

/** Reads a length of time that is not zero. */
export function duration(name: string): (text: string) => number {
  return (text) => {
    const ms = named(name, () => parseDurationMs(text));
    if (ms > 0) return ms;
    throw new EagleError('invalid_argument', `${name}: expected more than no time, got ${text}`);
  };
}

/** Puts the name of an option before what is wrong with it. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EagleError)) throw error;
    throw new EagleError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
