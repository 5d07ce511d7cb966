import { spawn } from 'node:child_process';

/** How a program of the agent's own ended. */
export interface ChildEnd {
  /** -1 where it could not be started or was killed. */
  readonly status: number;
  /** What it said, cut at a bound. */
  readonly said: string;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** What it says once its work has begun. */
  readonly begun: RegExp;
  /** How long it is to work from then on; then it is interrupted, so that it writes what it has. */
  readonly durationMs: number;
}

const MAX_SAID_BYTES = 16_384;
/** How long it may take to begin, and to end. */
const GRACE_MS = 15_000;

/**
 * Runs a program for a time, without this process's environment. It is interrupted at the end or when
 * `signal` aborts, and killed if it does not heed that. Throws nothing.
 */
export function runChild(options: ChildOptions, signal: AbortSignal): Promise<ChildEnd> {
  const { command, args, folder, begun, durationMs } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let killing: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      child.kill('SIGINT');
      killing ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    let ending = setTimeout(interrupt, durationMs + GRACE_MS);
    let hasBegun = false;
    const hear = (chunk: Buffer): void => {
      if (said.length < MAX_SAID_BYTES) said += chunk.toString('utf8');
      if (hasBegun || !begun.test(said)) return;
      hasBegun = true;
      clearTimeout(ending);
      ending = setTimeout(interrupt, durationMs);
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
    const end = (status: number): void => {
      clearTimeout(ending);
      clearTimeout(killing);
      signal.removeEventListener('abort', interrupt);
      resolve({ status, said: said.slice(0, MAX_SAID_BYTES) });
    };
    child.once('error', ({ message }) => {
      said += message;
      end(-1);
    });
    child.once('close', (status) => end(status ?? -1));
    signal.addEventListener('abort', interrupt);
    if (signal.aborted) interrupt();
  });
}
