import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_PORT, ROUTES } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import { z } from 'zod';

/** What an operator decides. */
export interface Settings {
  readonly command: 'run' | 'doctor';
  /** The process that `doctor` explains; 0 for none. */
  readonly pid: number;
  /** Begin of the id of the container that `doctor` explains; empty for none. */
  readonly container: string;
  readonly server: URL;
  /** Directory of the outbox. */
  readonly data: string;
  /** Samples a second and CPU. */
  readonly rateHz: number;
  /** Name of this machine; empty for that of the host. */
  readonly node: string;
  /** File with the token of the server; empty for none. */
  readonly tokenFile: string;
  /** Whether JVMs are asked for the names of their compiled code, by a signal and a socket. */
  readonly attachToJvms: boolean;
  /** Folder of py-spy and libasyncProfiler.so. */
  readonly profilers: string;
  /** Socket of Docker's API; empty for none. */
  readonly dockerSocket: string;
  /** Socket of a CRI runtime; empty for none, `auto` for that of this machine. */
  readonly criSocket: string;
  /** Labels of containers that become labels of their series. */
  readonly containerLabels: readonly string[];
  readonly logLevel: string;
  /** How `doctor` prints. */
  readonly output: 'text' | 'json';
}

/** Where `npm start` and `npm test` put them. */
const PROFILERS = join(import.meta.dirname, '../../../.cache/profilers');

/** Flags: meaning, usual value, twin in the environment. */
const FLAGS = {
  server: ['Server to send to', `http://127.0.0.1:${DEFAULT_PORT}`, 'KUBE_EAGLE_SERVER'],
  data: ['Directory for what is not sent yet', './.data/agent', 'KUBE_EAGLE_DATA'],
  rate: ['Samples a second and CPU, 1 to 1000', '19', 'KUBE_EAGLE_RATE'],
  node: ["Name of this machine; the host's if empty", '', 'NODE_NAME'],
  'token-file': ['File with the token of the server', '', 'KUBE_EAGLE_TOKEN_FILE'],
  'jvm-attach': [
    'Ask JVMs (17 and later) for the names of their compiled code, and let tasks profile in them',
    'true',
    'KUBE_EAGLE_JVM_ATTACH',
  ],
  profilers: ['Folder of py-spy and libasyncProfiler.so', PROFILERS, 'KUBE_EAGLE_PROFILERS'],
  'docker-socket': [
    "Socket of Docker's API, or none",
    '/run/docker.sock',
    'KUBE_EAGLE_DOCKER_SOCKET',
  ],
  'cri-socket': ['Socket of containerd or CRI-O, or none', 'auto', 'KUBE_EAGLE_CRI_SOCKET'],
  'container-labels': [
    'Labels of containers to keep, as in team,com.example.tier',
    '',
    'KUBE_EAGLE_CONTAINER_LABELS',
  ],
  'log-level': ['trace, debug, info, warn, error or silent', 'info', 'KUBE_EAGLE_LOG_LEVEL'],
  output: ['Of doctor: text or json', 'text', ''],
} as const satisfies Record<string, readonly [meaning: string, usual: string, variable: string]>;

const SOCKET = z
  .string()
  .regex(/^(?:none|auto|\/.{1,106})$/, 'expected none or the path of a socket')
  .transform((text) => (text === 'none' ? '' : text));

const SCHEMA = z.object({
  server: z
    .url({ protocol: /^https?$/, error: 'expected a URL such as http://host:4040' })
    .transform((text) => new URL(text)),
  data: z.string().min(1, 'expected a directory'),
  rate: z
    .string()
    .regex(/^\d{1,4}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(1, 'expected 1 to 1000').max(1_000, 'expected 1 to 1000')),
  node: z.string().max(253),
  'token-file': z.string(),
  'jvm-attach': z.enum(['true', 'false']).transform((text) => text === 'true'),
  profilers: z.string().min(1, 'expected a folder'),
  'docker-socket': SOCKET.refine(
    (text) => text !== 'auto',
    'expected none or the path of a socket',
  ),
  'cri-socket': SOCKET,
  'container-labels': z
    .string()
    .max(2_000, 'expected at most 2000 characters')
    .transform((text) => text.split(',').filter((label) => label !== '')),
  'log-level': z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
  output: z.enum(['text', 'json']),
} satisfies Record<keyof typeof FLAGS, z.ZodType>);

/**
 * Settings by flags, else by the environment, else as usual. Throws `invalid_argument` that names the
 * flag.
 */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const { flags, command, pid, container } = wordsOf(argv);
  const words = Object.fromEntries(
    Object.entries(FLAGS).map(([flag, [, usual, variable]]) => [
      flag,
      flags[flag] ?? env[variable] ?? usual,
    ]),
  );
  const parsed = SCHEMA.safeParse(words);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const flag = String(issue?.path[0] ?? '');
    throw new EagleError(
      'invalid_argument',
      `--${flag}: ${issue?.message}, got ${JSON.stringify(words[flag])}. See --help`,
    );
  }
  const { rate: rateHz, 'token-file': tokenFile, ...rest } = parsed.data;
  const { 'log-level': logLevel, 'jvm-attach': attachToJvms, ...others } = rest;
  const { 'docker-socket': dockerSocket, 'cri-socket': criSocket, ...more } = others;
  const { 'container-labels': containerLabels, ...plain } = more;
  const containers = { dockerSocket, criSocket, containerLabels };
  return {
    ...plain,
    ...containers,
    command,
    pid,
    container,
    rateHz,
    tokenFile,
    attachToJvms,
    logLevel,
  };
}

function wordsOf(argv: readonly string[]): {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly command: Settings['command'];
  readonly pid: number;
  readonly container: string;
} {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: {
        ...Object.fromEntries(
          Object.keys(FLAGS).map((flag) => [flag, { type: 'string' } as const]),
        ),
        output: { type: 'string', short: 'o' },
      },
      allowPositionals: true,
    });
    const [command = 'run', ...more] = positionals;
    const subject = command === 'doctor' ? more.shift() : undefined;
    const [, pid = '0', container = ''] =
      /^(?:pid\/([1-9]\d{0,6})|container\/([0-9a-f]{4,64}))$/.exec(subject ?? '') ?? [];
    const isUnknown = subject !== undefined && pid === '0' && container === '';
    if (isUnknown || more.length > 0 || (command !== 'run' && command !== 'doctor')) {
      throw new Error(
        `expected run, doctor, doctor pid/N or doctor container/ID, got ${JSON.stringify(positionals.join(' '))}`,
      );
    }
    return { flags: values as Record<string, string>, command, pid: Number(pid), container };
  } catch (cause) {
    throw new EagleError('invalid_argument', `${(cause as Error).message}. See --help`, { cause });
  }
}

/** Where profiles go on a server, which may lie below a path. */
export function ingestUrl(server: URL): URL {
  return new URL(`${server.href.replace(/\/+$/, '')}${ROUTES.otlp}`);
}

/** The text of `--help`. */
export function settingsHelp(): string {
  const lines = Object.entries(FLAGS).map(([flag, [meaning, usual, variable]]) => {
    const notes = [usual, variable].filter((note) => note !== '').join('; ');
    return `  --${flag.padEnd(16)} ${meaning}${notes === '' ? '' : ` (${notes})`}`;
  });
  return [
    'Usage: node packages/agent/src/main.ts [run] [flags]',
    '       node packages/agent/src/main.ts doctor [pid/N|container/ID] [-o json]',
    '',
    'Samples every process of this machine and sends the profiles to a server. doctor says what this',
    'machine can and cannot do, and exits with 1 where something is to be mended; of one process, how',
    'its stacks are walked and named; of a container, which process is its main one.',
    '',
    ...lines,
    '',
    'Examples:',
    '  node packages/agent/src/main.ts --server http://eagle:4040 --rate 49',
    '  node packages/agent/src/main.ts doctor',
    '',
  ].join('\n');
}
