import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** A folder that is removed at the end of its scope. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port of the loopback that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A process under test. Killed at the end of its scope if it still runs. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far on both outputs. */
  readonly output: () => string;
  readonly stdout: () => string;
  /** Resolves when its output matches; throws with the output when it ends or the time is over. */
  readonly waitFor: (pattern: RegExp, timeoutMs: number) => Promise<RegExpExecArray>;
  /** How it ended: its status, or the name of the signal. */
  readonly exit: Promise<number | string>;
}

/** Starts a process in the project's folder. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Running {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  let stdout = '';
  const listeners = new Set<() => void>();
  const add = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    add(chunk);
  });
  child.stderr?.on('data', add);
  const exit = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    stdout: () => stdout,
    exit,
    async waitFor(pattern, timeoutMs) {
      const found = pattern.exec(output);
      if (found) return found;
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const fail = (why: string): void =>
        reject(new Error(`expected ${pattern} in the output, but ${why}; it is:\n${output}`));
      const look = (): void => {
        const match = pattern.exec(output);
        if (match) resolve(match);
      };
      listeners.add(look);
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      void exit.then((how) => fail(`the process ended with ${how}`));
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(look);
      });
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Runs a command to its end; gives its output and status. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<{ readonly status: number | string; readonly stdout: string; readonly output: string }> {
  await using running = start(command, args, options);
  const status = await running.exit;
  return { status, stdout: running.stdout(), output: running.output() };
}

/** Runs `eagle` against a server. */
export function eagle(url: string, args: readonly string[]): ReturnType<typeof run> {
  return run('node', ['packages/cli/src/main.ts', ...args, '--server', url]);
}
