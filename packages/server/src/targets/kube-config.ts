import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EagleError, messageOf } from '@kube-eagle/profile';
import { parse } from 'yaml';
import { z } from 'zod';

/** How to reach and to convince a Kubernetes API. */
export interface KubeAccess {
  readonly server: URL;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly credentials: KubeCredentials;
}

/** What a request carries besides a client certificate. */
export type KubeCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** A file that is written anew from time to time. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'exec'; readonly exec: ExecPlugin };

/** A program that prints a token. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What to do where there is no such program. */
  readonly installHint: string;
}

const text = z.string().default('');

const EXEC = z.object({
  apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: text,
});

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const CONFIG = z.object({
  'current-context': text,
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url({ protocol: /^https?$/ }),
        'certificate-authority': text,
        'certificate-authority-data': text,
        'insecure-skip-tls-verify': z.boolean().default(false),
        'tls-server-name': text,
        'proxy-url': text,
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z
        .object({
          'client-certificate': text,
          'client-certificate-data': text,
          'client-key': text,
          'client-key-data': text,
          token: text,
          tokenFile: text,
          exec: EXEC.optional(),
          'auth-provider': z.unknown().optional(),
          username: text,
        })
        .nullable(),
    }),
  ),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
});

type Config = z.infer<typeof CONFIG>;

/**
 * The access of a kubeconfig file by its current context. Throws `invalid_argument` that says what
 * of it is missing or cannot be used.
 */
export function readKubeConfig(path: string): KubeAccess {
  const wrong = (what: string, cause?: unknown): EagleError =>
    new EagleError('invalid_argument', `--kubeconfig ${path}: ${what}`, { cause });
  try {
    const config = configOf(parse(readFileSync(path, 'utf8')));
    return accessOf(config, dirname(path));
  } catch (error) {
    throw wrong(messageOf(error), error);
  }
}

/** Where a pod finds what it needs. */
const IN_CLUSTER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The access of a pod, by its service account; `undefined` where this is no pod.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
  directory = IN_CLUSTER,
): KubeAccess | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  const path = `${directory}/token`;
  if (!host || !port) return undefined;
  try {
    readFileSync(path);
    return {
      server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
      tls: { ca: readFileSync(`${directory}/ca.crt`, 'utf8') },
      credentials: { kind: 'file', path },
    };
  } catch {
    // A pod that is given no token may not ask.
    return undefined;
  }
}

function configOf(value: unknown): Config {
  const parsed = CONFIG.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join('.') || 'expected a kubeconfig'}: ${issue?.message}`);
}

function accessOf(config: Config, directory: string): KubeAccess {
  const { context } = named(config.contexts, config['current-context'], 'context');
  const { cluster } = named(config.clusters, context.cluster, 'cluster');
  const user = named(config.users, context.user, 'user').user ?? undefined;
  if (cluster['proxy-url'] !== '') throw new Error('proxy-url is not supported: name the server');
  const pem = (data: string, file: string): string | undefined =>
    data !== ''
      ? Buffer.from(data, 'base64').toString()
      : file === ''
        ? undefined
        : readFileSync(resolve(directory, file), 'utf8');
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const cert = user && pem(user['client-certificate-data'], user['client-certificate']);
  const key = user && pem(user['client-key-data'], user['client-key']);
  return {
    server: new URL(cluster.server),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(cluster['tls-server-name'] !== '' && { servername: cluster['tls-server-name'] }),
      ...(cluster['insecure-skip-tls-verify'] && { rejectUnauthorized: false }),
    },
    credentials: user ? credentialsOf(user, directory) : { kind: 'none' },
  };
}

type User = NonNullable<Config['users'][number]['user']>;

function credentialsOf(user: User, directory: string): KubeCredentials {
  if (user['auth-provider'] !== undefined || user.username !== '') {
    throw new Error('auth-provider and passwords are not supported: use a token, or exec');
  }
  // A file goes before a token, as in kubectl.
  if (user.tokenFile !== '') return { kind: 'file', path: resolve(directory, user.tokenFile) };
  if (user.token !== '') return { kind: 'token', token: user.token };
  if (!user.exec) return { kind: 'none' };
  const { apiVersion, command, args, env, installHint } = user.exec;
  // A path is relative to the file, a name is looked for in PATH.
  const program = command.includes('/') ? resolve(directory, command) : command;
  return {
    kind: 'exec',
    exec: {
      apiVersion,
      command: program,
      args: args ?? [],
      env: Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      installHint,
    },
  };
}

function named<T extends { readonly name: string }>(
  list: readonly T[],
  name: string,
  what: string,
): T {
  const found = list.find((entry) => entry.name === name);
  if (found) return found;
  const names = list.map((entry) => entry.name).join(', ');
  throw new Error(`expected a ${what} ${JSON.stringify(name)}, there is ${names || 'none'}`);
}
