import { setInterval } from 'node:timers/promises';
import type { Subjects } from './find-subjects.ts';

const TURN_MS = 200;

/**
 * Resolves with true once nothing of what a task is for runs any more, a pid that began anew being
 * another process; with false when `signal` aborts before. The whole host does not end.
 */
export async function allEnded(
  { anyRuns }: Pick<Subjects, 'anyRuns'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for await (const _ of setInterval(TURN_MS, undefined, { signal, ref: false })) {
      if (anyRuns && !anyRuns()) return true;
    }
  } catch {
    // Aborted: what is not over by now is not this function's to tell.
  }
  return false;
}
