import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** USER_HZ of Linux: the unit of times in /proc. */
const TICKS_A_SECOND = 100;

/** What a process has used so far, and what it holds. */
export interface Usage {
  /** Its own CPU time, user and system, of all its threads. */
  readonly cpuSeconds: number;
  /** Run time of its BPF programs; counted only while the kernel counts runs (`countRuns()`). */
  readonly bpfSeconds: number;
  readonly residentMegabytes: number;
  /** Kernel memory of its BPF maps. */
  readonly mapMegabytes: number;
}

/** Reads it from /proc. Needs to be root for the processes of others. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const sum = (name: string, infos: readonly string[]): number =>
    infos.reduce((total, info) => total + fieldOf(info, name), 0);
  return {
    // Fields 14 and 15, utime and stime, counted from the third.
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_A_SECOND,
    bpfSeconds: sum('run_time_ns', descriptors(pid, 'bpf-prog')) / 1e9,
    residentMegabytes: fieldOf(status, 'VmRSS') / 1024,
    mapMegabytes: sum('memlock', descriptors(pid, 'bpf-map')) / 1e6,
  };
}

/** What /proc/PID/fdinfo tells of each descriptor whose target holds a word. */
export function descriptors(pid: number | 'self', word: string): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const isWanted = readlinkSync(`/proc/${pid}/fd/${fd}`).includes(word);
      return isWanted ? [readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')] : [];
    } catch {
      return [];
    }
  });
}

/** The number in a line `NAME: 123` of a text of /proc; NaN where there is none. */
export function fieldOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
