import { readFile } from 'node:fs/promises';

/** How a process looks from inside its container. */
export interface Inside {
  /** Its pid in its own namespace. */
  readonly pid: number;
  /** Effective. */
  readonly userId: number;
  readonly groupId: number;
  /** Whether it does not die of SIGQUIT. */
  readonly catchesQuit: boolean;
  readonly threads: number;
  /** Pid of what traces it by ptrace(2), such as a debugger; 0 if nothing does. */
  readonly tracerPid: number;
}

const SIGQUIT_BIT = 2n;

/** Reads `/proc/PID/status` (proc_pid_status(5)); `undefined` once the process has ended. */
export async function readInside(pid: number): Promise<Inside | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => undefined);
  if (status === undefined) return undefined;
  const field = (name: string): string[] =>
    (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/);
  const caught = BigInt(`0x${field('SigCgt')[0] || '0'}`);
  return {
    pid: Number(field('NSpid').at(-1) || pid),
    userId: Number(field('Uid')[1]),
    groupId: Number(field('Gid')[1]),
    catchesQuit: ((caught >> SIGQUIT_BIT) & 1n) === 1n,
    threads: Number(field('Threads')[0] || 1),
    tracerPid: Number(field('TracerPid')[0] || 0),
  };
}
