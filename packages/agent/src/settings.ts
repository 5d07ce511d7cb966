import { parseArgs } from 'node:util';
import { EagleError } from '@kube-eagle/profile';
import { z } from 'zod';

/** What an operator decides. */
export interface Settings {
  readonly command: 'run' | 'doctor';
  readonly server: URL;
  /** Directory of the outbox. */
  readonly data: string;
  /** Samples a second and CPU. */
  readonly rateHz: number;
  /** Name of the machine in profiles; empty for the host's. */
  readonly node: string;
  /** File with the bearer token for the server; empty for none. */
  readonly tokenFile: string;
  readonly logLevel: string;
  /** Of `doctor`. */
  readonly output: 'text' | 'json';
}

/** Flags by name: what they mean, and the value they have unless set. */
const FLAGS = {
  server: ['Server to send profiles to and take tasks from', 'http://127.0.0.1:4040'],
  data: ['Directory for profiles that are not sent yet', './.data/agent'],
  rate: ['Samples a second and CPU', '19'],
  node: ["Name of this machine; the host's name if empty", ''],
  'token-file': ['File with the token that the server asks for', ''],
  'log-level': ['trace, debug, info, warn, error or silent', 'info'],
  output: ['Form of what doctor prints: text or json', 'text'],
} as const satisfies Record<string, readonly [meaning: string, otherwise: string]>;

type Flag = keyof typeof FLAGS;

const SCHEMA = z.object({
  server: z.url({ protocol: /^https?$/, message: 'expected a URL such as http://eagle:4040' }),
  data: z.string().min(1, 'expected a directory'),
  rate: z
    .string()
    .regex(/^\d{1,4}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(1, 'expected 1 to 1000').max(1_000, 'expected 1 to 1000')),
  node: z.string().max(253),
  'token-file': z.string(),
  'log-level': z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
  output: z.enum(['text', 'json']),
} satisfies Record<Flag, z.ZodType>);

/** The name of a flag's twin in the environment: `KUBE_EAGLE_TOKEN_FILE`. */
const variable = (flag: string): string => `KUBE_EAGLE_${flag.toUpperCase().replaceAll('-', '_')}`;

/**
 * Settings by flags, else by the environment, else as usual. Throws `invalid_argument` that names
 * the flag, what was expected and what came.
 */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const { given, command } = parse(argv);
  const words = Object.fromEntries(
    Object.entries(FLAGS).map(([flag, [, otherwise]]) => [
      flag,
      given[flag] ?? env[variable(flag)] ?? otherwise,
    ]),
  );
  const parsed = SCHEMA.safeParse(words);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const flag = String(issue?.path[0] ?? '');
    throw new EagleError(
      'invalid_argument',
      `--${flag} (${variable(flag)}): ${issue?.message}, got ${JSON.stringify(words[flag])}`,
    );
  }
  const { server, data, rate, node, output } = parsed.data;
  return {
    command,
    server: new URL(server),
    data,
    rateHz: rate,
    node,
    tokenFile: parsed.data['token-file'],
    logLevel: parsed.data['log-level'],
    output,
  };
}

interface Parsed {
  readonly command: Settings['command'];
  readonly given: Readonly<Record<string, string | undefined>>;
}

function parse(argv: readonly string[]): Parsed {
  const options = Object.fromEntries(
    Object.keys(FLAGS).map((flag) => [
      flag,
      { type: 'string' as const, ...(flag === 'output' ? { short: 'o' } : {}) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
    });
    const [command = 'run', ...rest] = positionals;
    if ((command === 'run' || command === 'doctor') && rest.length === 0) {
      return { command, given: values as Parsed['given'] };
    }
    throw new Error(`expected no word or doctor, got ${positionals.join(' ')}`);
  } catch (cause) {
    throw new EagleError('invalid_argument', `${(cause as Error).message}. See --help`, { cause });
  }
}

/** The text of `--help`. */
export function settingsHelp(): string {
  const lines = Object.entries(FLAGS).map(([flag, [meaning, otherwise]]) => {
    const usual = otherwise === '' ? '' : ` (${otherwise})`;
    return `  --${flag.padEnd(12)} ${meaning}${usual}`;
  });
  return [
    'Usage: node packages/agent/src/main.ts [doctor] [flags]',
    '',
    'Profiles every process of this machine and sends the profiles to a server. With the word',
    'doctor it only says what this machine can and cannot do.',
    '',
    ...lines,
    '',
    `Each flag has a twin in the environment: --token-file is ${variable('token-file')}.`,
    '',
    'Examples:',
    '  node packages/agent/src/main.ts --server http://eagle:4040 --rate 49',
    '  node packages/agent/src/main.ts doctor',
    '',
  ].join('\n');
}
