import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EagleError, messageOf } from '@kube-eagle/profile';
import { recordOf, textOf } from './json-fields.ts';
import type { ExecPlugin, KubeCredentials } from './kube-config.ts';

/** What requests carry to be let in. */
export interface TokenSource {
  /** Empty where none is needed. Throws `unauthenticated` where it cannot be had. */
  get(): Promise<string>;
  /** The last one was not taken: another is got next. */
  refused(): void;
}

/** How long a file's token is used before it is read again, as client-go has it. */
const FILE_MS = 60_000;
/** Before its end, so that it is still good when it arrives. */
const EARLY_MS = 10_000;
const EXEC_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1 << 20;

/** A token and until when it is used. */
interface Lease {
  readonly token: string;
  readonly untilMs: number;
}

export interface TokenPorts {
  readonly nowMs: () => number;
  /** What programs that print tokens find in their environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The tokens of some credentials. One that is asked for twice at a time is got once. */
export function createTokenSource(credentials: KubeCredentials, ports: TokenPorts): TokenSource {
  let lease: Promise<Lease> | undefined;
  let untilMs = Number.POSITIVE_INFINITY;
  return {
    async get() {
      if (ports.nowMs() >= untilMs) lease = undefined;
      lease ??= obtain(credentials, ports);
      try {
        const obtained = await lease;
        untilMs = obtained.untilMs;
        return obtained.token;
      } catch (error) {
        lease = undefined;
        throw error;
      }
    },
    refused() {
      lease = undefined;
    },
  };
}

async function obtain(credentials: KubeCredentials, { nowMs, env }: TokenPorts): Promise<Lease> {
  switch (credentials.kind) {
    case 'none':
      return { token: '', untilMs: Number.POSITIVE_INFINITY };
    case 'token':
      return { token: credentials.token, untilMs: Number.POSITIVE_INFINITY };
    case 'file':
      return { token: await readToken(credentials.path), untilMs: nowMs() + FILE_MS };
    case 'exec':
      return await runPlugin(credentials.exec, env);
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new EagleError('unauthenticated', `token file ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
async function runPlugin(exec: ExecPlugin, env: TokenPorts['env']): Promise<Lease> {
  const { apiVersion, command, args } = exec;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)(command, [...args], {
      env: { ...env, ...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: EXEC_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    }));
  } catch (cause) {
    const hint = exec.installHint === '' ? '' : `. ${exec.installHint}`;
    throw new EagleError('unauthenticated', `${command}: ${messageOf(cause)}${hint}`, { cause });
  }
  const { token, expirationTimestamp } = statusOf(stdout);
  if (textOf(token) === '') {
    throw new EagleError(
      'unauthenticated',
      `${command}: expected an ExecCredential with a token, got none (client certificates are not supported)`,
    );
  }
  const endMs = Date.parse(textOf(expirationTimestamp));
  return {
    token: textOf(token),
    untilMs: Number.isNaN(endMs) ? Number.POSITIVE_INFINITY : endMs - EARLY_MS,
  };
}

function statusOf(stdout: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(recordOf(JSON.parse(stdout))['status']);
  } catch {
    return {};
  }
}
