import { setTimeout as sleep } from 'node:timers/promises';
import { fromConnectError, isEnded, type Task } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Connection } from './server/connection.ts';

/** Times that a broken stream is opened again without news in between. */
const MAX_RETRIES = 5;
const RETRY_MS = 500;

/**
 * A task now and whenever it changes, until it has ended. A stream that breaks, as when a server
 * restarts, is opened again. Throws what the server answers, and what still is wrong after five
 * tries.
 */
export async function* taskChanges(
  { client }: Connection,
  id: string,
  signal: AbortSignal,
): AsyncIterable<Task> {
  for (let retries = 0; ; retries++) {
    try {
      for await (const task of client.tasks.watchTask({ id }, { signal, timeoutMs: 0 })) {
        retries = 0;
        yield task;
        if (isEnded(task.state)) return;
      }
      if (retries >= MAX_RETRIES) throw new EagleError('unavailable', `no news of task ${id}`);
    } catch (error) {
      const { code } = fromConnectError(error);
      if (signal.aborted || code !== 'unavailable' || retries >= MAX_RETRIES) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
