import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { messageOf } from '@kube-eagle/profile';
import { readProcFile } from '../proc/process.ts';
import { requireLibbpf } from './libbpf.ts';
import { type PerfScope, widestPerfScope } from './perf-scope.ts';

/** What decides how this machine can be sampled. */
export interface MachineFacts {
  readonly uid: number;
  /** Bit N is set if capability N is effective. */
  readonly capabilities: bigint;
  /** Such as `6.1.0-18-amd64`. */
  readonly kernelRelease: string;
  readonly hasBtf: boolean;
  /** Why libbpf cannot be loaded; empty if it can. */
  readonly libbpfProblem: string;
  /** kernel.perf_event_paranoid; NaN where there is none. */
  readonly perfEventParanoid: number;
  /** What perf events show this process; `undefined` where the kernel refuses all of them. */
  readonly perfScope: PerfScope | undefined;
  /** kernel.kptr_restrict. */
  readonly kptrRestrict: number;
  /** /proc/kallsyms shows addresses. */
  readonly hasKallsyms: boolean;
  /** `none`, `integrity` or `confidentiality`. */
  readonly lockdown: string;
  /** Soft limit of locked memory; Infinity for none. */
  readonly memlockBytes: number;
  readonly cgroupVersion: 'v1' | 'v2' | 'none';
}

const KALLSYMS_BYTES = 4096;

/** Number in a one-line file; NaN where it cannot be read. */
const numberIn = (path: string): number => Number.parseInt(readProcFile(path) ?? '', 10);

/** The first bytes of a file that is long to read whole; empty where it cannot be read. */
function readStart(path: string, sizeBytes: number): string {
  try {
    const fd = openSync(path, 'r');
    const bytes = Buffer.alloc(sizeBytes);
    const length = readSync(fd, bytes, 0, sizeBytes, 0);
    closeSync(fd);
    return bytes.toString('latin1', 0, length);
  } catch {
    return '';
  }
}

/** Looks at the machine it runs on: reads /proc and /sys, opens libbpf and perf events, changes nothing. */
export function readMachineFacts(): MachineFacts {
  const status = readProcFile('/proc/self/status') ?? '';
  return {
    uid: Number(/^Uid:\t\d+\t(\d+)/m.exec(status)?.[1] ?? -1),
    capabilities: BigInt(`0x${/^CapEff:\t([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`),
    kernelRelease: (readProcFile('/proc/sys/kernel/osrelease') ?? '').trim(),
    hasBtf: existsSync('/sys/kernel/btf/vmlinux'),
    libbpfProblem: libbpfProblem(),
    perfEventParanoid: numberIn('/proc/sys/kernel/perf_event_paranoid'),
    perfScope: widestPerfScope(),
    kptrRestrict: numberIn('/proc/sys/kernel/kptr_restrict'),
    hasKallsyms: showsAddresses(readStart('/proc/kallsyms', KALLSYMS_BYTES)),
    lockdown: readLockdown(),
    memlockBytes: parseMemlock(readProcFile('/proc/self/limits') ?? ''),
    cgroupVersion: cgroupVersion(),
  };
}

function libbpfProblem(): string {
  try {
    requireLibbpf();
    return '';
  } catch (error) {
    return messageOf(error);
  }
}

/** How far the kernel is locked down; `none` too where securityfs is not mounted. */
export function readLockdown(): string {
  return parseLockdown(readProcFile('/sys/kernel/security/lockdown') ?? '');
}

/** The chosen word of `none [integrity] confidentiality`; `none` for anything else. */
export function parseLockdown(text: string): string {
  return /\[(\w+)\]/.exec(text)?.[1] ?? 'none';
}

/** Soft limit of locked memory in /proc/PID/limits, in bytes. */
export function parseMemlock(text: string): number {
  const limit = /^Max locked memory\s+(\S+)/m.exec(text)?.[1];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? 0);
}

/** Whether a list of kernel symbols has any address but 0. */
export function showsAddresses(kallsyms: string): boolean {
  return /^0*[1-9a-f][0-9a-f]* /m.test(kallsyms);
}

function cgroupVersion(): MachineFacts['cgroupVersion'] {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  return existsSync('/sys/fs/cgroup/cpu') || existsSync('/sys/fs/cgroup/unified') ? 'v1' : 'none';
}
