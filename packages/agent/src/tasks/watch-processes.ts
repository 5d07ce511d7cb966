import { setInterval } from 'node:timers/promises';

const TURN_MS = 200;

/** When a process began, in ticks after boot; `undefined` once it is gone. */
export type StartTicks = (pid: number) => number | undefined;

/**
 * Resolves with true once none of the processes runs any more, a pid that began anew being another
 * process; with false when `signal` aborts before. Never resolves with true for no processes.
 */
export async function allEnded(
  pids: readonly number[],
  startTicks: StartTicks,
  signal: AbortSignal,
): Promise<boolean> {
  const began = new Map(pids.map((pid) => [pid, startTicks(pid)]));
  const runs = (pid: number): boolean => {
    const ticks = startTicks(pid);
    return ticks !== undefined && ticks === began.get(pid);
  };
  try {
    for await (const _ of setInterval(TURN_MS, undefined, { signal, ref: false })) {
      if (pids.length > 0 && !pids.some(runs)) return true;
    }
  } catch {
    // Aborted: what is not over by now is not this function's to tell.
  }
  return false;
}
