import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A daemon of a test. */
export interface Daemon extends AsyncDisposable {
  readonly hasEnded: () => boolean;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
}

/** A folder with a short path, as that of a socket has at most 107 bytes; removed with its scope. */
export function shortFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  // What a daemon has mounted, it may leave mounted for a moment.
  const options = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };
  return { path, [Symbol.dispose]: () => rmSync(path, options) };
}

/** Why a program cannot be run as root here; `false` where it can. */
export function cannotRunDaemon(...programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0);
  return (
    missing.length > 0 && `${missing.join(', ')} not found: apt install docker.io busybox-static`
  );
}

/** Starts a daemon and waits until it is ready. Throws with its log where it ends before. */
export async function startDaemon(
  logFile: string,
  [program, ...args]: readonly [string, ...string[]],
  isReady: () => boolean,
): Promise<Daemon> {
  const fd = openSync(logFile, 'w');
  const child = spawn(program, args, { stdio: ['ignore', fd, fd] });
  closeSync(fd);
  await once(child, 'spawn');
  while (!isReady()) {
    if (hasEnded(child))
      throw new Error(`${program} did not start:\n${readFileSync(logFile, 'utf8')}`);
    await sleep(20);
  }
  const stop = async (): Promise<void> => {
    if (hasEnded(child)) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return {
    hasEnded: () => hasEnded(child),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;
