import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type { Process } from '../sampler/sampler.ts';
import { parseCgroup } from './cgroup.ts';
import { type ProcessStat, parseStat } from './stat.ts';

/** Text of a file of /proc, or `undefined` where the process is gone or not ours to read. */
export function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Path that a link of /proc stands for, or `undefined`. */
export function readProcLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const MAX_ARGUMENT_BYTES = 4096;

/** The first 4 kB of the words that a program was started with; none once it is gone. */
export function readArguments(pid: number): readonly string[] {
  const bytes = Buffer.alloc(MAX_ARGUMENT_BYTES);
  try {
    const file = openSync(`/proc/${pid}/cmdline`, 'r');
    try {
      return bytes.toString('latin1', 0, readSync(file, bytes)).split('\0');
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

/** When a process began and what it is called now; `undefined` once it is gone. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Who a process is, read from /proc; `undefined` once it is gone. */
export function readProcess(pid: number): Process | undefined {
  const stat = readStat(pid);
  if (!stat) return undefined;
  const { containerId, unit } = parseCgroup(readProcFile(`/proc/${pid}/cgroup`) ?? '');
  return {
    pid,
    startTicks: stat.startTicks,
    comm: stat.comm,
    exe: (readProcLink(`/proc/${pid}/exe`) ?? '').replace(/ \(deleted\)$/, ''),
    containerId,
    unit,
  };
}
