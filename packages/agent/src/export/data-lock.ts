import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EagleError } from '@kube-eagle/profile';
import { lockFile } from '../sampler/libbpf.ts';

/**
 * Keeps a data directory for this process until it is disposed or the process ends, however it does:
 * two agents would send each other's batches twice. Throws `failed_precondition` with the pid of the
 * holder. A directory that takes no file needs no lock: nothing is kept in it either.
 */
export function lockDirectory(directory: string): Disposable {
  const path = join(directory, 'lock');
  const fd = openLock(directory, path);
  if (fd === undefined) return { [Symbol.dispose]() {} };
  if (!lockFile(fd)) {
    closeSync(fd);
    throw new EagleError(
      'failed_precondition',
      `${directory} is in use by the agent with pid ${holderOf(path)}: stop it, or give another directory with --data`,
    );
  }
  writePid(fd);
  return { [Symbol.dispose]: () => closeSync(fd) };
}

function openLock(directory: string, path: string): number | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  } catch {
    return undefined;
  }
}

/** Tells others whom to stop. The lock holds without it, so a full disk does not matter. */
function writePid(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  } catch {}
}

function holderOf(path: string): string {
  return /^\d+$/m.exec(readFileSync(path, 'utf8'))?.[0] ?? 'unknown';
}
