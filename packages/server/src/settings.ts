import { parseArgs } from 'node:util';
import { DEFAULT_PORT, parseDurationMs } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import { z } from 'zod';
import { isLoopbackName } from './http/guard.ts';

/** What an operator decides. */
export interface Settings {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** Directory of the stores, or `:memory:`. */
  readonly data: string;
  /** Directory of the page; empty for the one that is built with the server, if it is. */
  readonly web: string;
  /** File with the token that every request must carry; empty for none. */
  readonly tokenFile: string;
  readonly allowAnonymous: boolean;
  readonly retentionMs: number;
  readonly node: string;
  /** File that says how to reach a cluster; empty for the one this runs in, if it does. */
  readonly kubeconfig: string;
  /** Labels of pods that series get, too. */
  readonly podLabels: readonly string[];
  readonly logLevel: string;
}

/** Flags by name: what they mean, and the value they have unless set. */
const FLAGS = {
  port: ['Port to listen on; 0 takes a free one', String(DEFAULT_PORT)],
  host: ['Address to listen on', '127.0.0.1'],
  data: ['Directory to keep data in, or :memory:', './.data'],
  web: ['Directory of the page; the built one if empty', ''],
  'token-file': ['File with the token every request must carry', ''],
  'allow-anonymous': ['Let anybody in on an address others can reach', 'false'],
  retention: ['How long profiles are kept', '7d'],
  node: ["Name of this machine, as its agent has it; the host's name if empty", ''],
  kubeconfig: ['Kubernetes cluster to watch; the one this runs in if empty', ''],
  'pod-labels': ['Labels of pods to tell series by, as in app,team', ''],
  'log-level': ['trace, debug, info, warn, error or silent', 'info'],
} as const satisfies Record<string, readonly [meaning: string, otherwise: string]>;

type Flag = keyof typeof FLAGS;

const duration = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const SCHEMA = z.object({
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'expected a number')
    .transform(Number)
    .pipe(z.number().max(65_535)),
  host: z.string().min(1),
  data: z.string().min(1),
  web: z.string(),
  'token-file': z.string(),
  'allow-anonymous': z
    .enum(['true', 'false', '1', '0'])
    .transform((text) => text === 'true' || text === '1'),
  retention: duration.pipe(z.number().min(60_000, 'expected at least 1m')),
  node: z.string().max(253),
  kubeconfig: z.string(),
  'pod-labels': z.string().transform((text) => text.split(',').filter((name) => name !== '')),
  'log-level': z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
} satisfies Record<Flag, z.ZodType>);

/** The name of a flag's twin in the environment: `KUBE_EAGLE_TOKEN_FILE`. */
function variable(flag: string): string {
  return `KUBE_EAGLE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Settings by flags, else by the environment, else as usual. Throws `invalid_argument` that names
 * the flag, and where nobody who can reach the port would have to show a token unless that is what
 * was asked for.
 */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const given = flagsOf(argv);
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
  const { retention: retentionMs, 'token-file': tokenFile, ...rest } = parsed.data;
  const { 'allow-anonymous': allowAnonymous, 'log-level': logLevel, ...others } = rest;
  const { 'pod-labels': podLabels, ...plain } = others;
  if (!isLoopbackName(plain.host) && tokenFile === '' && !allowAnonymous) {
    throw new EagleError(
      'invalid_argument',
      `others can reach --host ${plain.host}: set --token-file FILE, or --allow-anonymous to let everybody in`,
    );
  }
  return { ...plain, podLabels, retentionMs, tokenFile, allowAnonymous, logLevel };
}

function flagsOf(argv: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    Object.keys(FLAGS).map((flag) => [
      flag,
      { type: flag === 'allow-anonymous' ? 'boolean' : 'string' } as const,
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, allowPositionals: false });
    return Object.fromEntries(
      Object.entries(values).map(([flag, value]) => [flag, String(value)] as const),
    );
  } catch (cause) {
    throw new EagleError('invalid_argument', `${(cause as Error).message}. See --help`, { cause });
  }
}

/** The text of `--help`. */
export function settingsHelp(): string {
  const lines = Object.entries(FLAGS).map(([flag, [meaning, otherwise]]) => {
    const usual = otherwise === '' ? '' : ` (${otherwise})`;
    return `  --${flag.padEnd(16)} ${meaning}${usual}`;
  });
  return [
    'Usage: node packages/server/src/main.ts [flags]',
    '',
    'Takes in profiles, keeps them and answers questions about them, on one port.',
    '',
    ...lines,
    '',
    `Each flag has a twin in the environment: --token-file is ${variable('token-file')}.`,
    '',
  ].join('\n');
}
