import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that is started again when it ends, and says so. */
export interface Child {
  /** Resolves when it ran for the last time: it was stopped, or ended too often. */
  readonly ended: Promise<void>;
  /** Whether it ended too often. */
  readonly gaveUp: boolean;
  /** Asks it to end, after a while forces it; resolves when it has. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  /** What it prints goes to the end of this file. */
  readonly logFile: string;
  readonly spawn: (stdio: StdioOptions) => ChildProcess;
  readonly say: (text: string) => void;
  /** Called when it ended too often. */
  readonly giveUp: () => void;
  readonly signal: AbortSignal;
}

const MAX_RESTARTS = 5;
/** After so long a run an end is a new trouble, not the old one again. */
const SETTLED_MS = 600_000;
const STOP_TIMEOUT_MS = 15_000;
const SHOWN_LOG_LINES = 5;

const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with status ${code}`),
    );
  });

const lastLines = (file: string): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n');

/** Starts a process and keeps it running until the signal aborts. Never silent about an end. */
export function supervise(options: ChildOptions): Child {
  const { name, logFile, say, signal } = options;
  let current: ChildProcess | undefined;
  let gaveUp = false;

  async function run(): Promise<void> {
    for (let restarts = 0; !signal.aborted; restarts++) {
      const started = performance.now();
      const log = openSync(logFile, 'a');
      const child = options.spawn(['ignore', log, log]);
      closeSync(log);
      current = child;
      const how = await exitOf(child);
      current = undefined;
      if (signal.aborted) return;
      if (performance.now() - started > SETTLED_MS) restarts = 0;
      say(`kube-eagle: the ${name} ${how}. The end of ${logFile}:\n${lastLines(logFile)}`);
      if (restarts === MAX_RESTARTS) break;
      const delayMs = 1_000 * 2 ** restarts;
      say(`kube-eagle: starting the ${name} again in ${delayMs / 1_000} s`);
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) return;
    gaveUp = true;
    say(`kube-eagle: the ${name} ended ${MAX_RESTARTS + 1} times; giving up`);
    options.giveUp();
  }

  const running = run();
  return {
    ended: Promise.race([
      running,
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    ]),
    get gaveUp() {
      return gaveUp;
    },
    async stop() {
      const child = current;
      if (!child) return;
      child.kill('SIGTERM');
      const timeout = AbortSignal.timeout(STOP_TIMEOUT_MS);
      const late = new Promise<'late'>((resolve) =>
        timeout.addEventListener('abort', () => resolve('late')),
      );
      if ((await Promise.race([running, late])) !== 'late') return;
      say(`kube-eagle: the ${name} did not end in ${STOP_TIMEOUT_MS / 1_000} s; forcing it`);
      child.kill('SIGKILL');
      await running;
    },
  };
}
