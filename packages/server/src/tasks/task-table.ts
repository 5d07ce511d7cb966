import { isEnded, type Task } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { ControlStore } from '../control/control-store.ts';
import type { Limits } from '../limits.ts';

/** The tasks: open ones at hand, all of them in the control store, and who watches which. */
export interface TaskTable {
  /** Open tasks, newest last. Their state here is ahead of the control store's. */
  readonly open: ReadonlyMap<string, Task>;
  /** Throws `not_found`. */
  find(id: string): Promise<Task>;
  /** Makes a change known to watchers at once, and resolves when it is kept. */
  put(task: Task): Promise<void>;
  /** The task now and after every change, until it has ended or `signal` aborts. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Task>;
}

const MAX_RESTORED = 1_000;

/** The table with the tasks that were open when the last server ended. */
export async function openTaskTable(control: ControlStore, limits: Limits): Promise<TaskTable> {
  const restored = await control.tasks({ limit: MAX_RESTORED, open: true });
  const open = new Map(restored.toReversed().map((task) => [task.id, task]));
  const watchers = new Set<{ readonly id: string; wake: () => void }>();
  let saved: Promise<unknown> = Promise.resolve();

  async function find(id: string): Promise<Task> {
    const task = open.get(id) ?? (await control.findTask(id));
    if (task) return task;
    throw new EagleError(
      'not_found',
      `no task ${JSON.stringify(id)}: list them with eagle tasks list`,
    );
  }

  return {
    open,
    find,
    async put(task) {
      if (isEnded(task.state)) open.delete(task.id);
      else open.set(task.id, task);
      // One after another, so that an older state never replaces a newer one.
      const saving = saved.then(() => control.saveTask(task));
      saved = saving.catch(() => {});
      await saving;
      for (const watcher of watchers) if (watcher.id === task.id) watcher.wake();
    },
    async *watch(id, signal) {
      if (watchers.size >= limits.value('task_watchers')) {
        limits.hit('task_watchers');
        throw new EagleError('resource_exhausted', `${watchers.size} streams watch tasks already`);
      }
      const watcher = { id, wake: (): void => {} };
      const abort = (): void => watcher.wake();
      watchers.add(watcher);
      signal.addEventListener('abort', abort);
      try {
        for (let last: Task | undefined; !signal.aborted; ) {
          const changed = new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
          const task = await find(id);
          if (task !== last) yield task;
          last = task;
          if (isEnded(task.state)) return;
          await changed;
        }
      } finally {
        watchers.delete(watcher);
        signal.removeEventListener('abort', abort);
      }
    },
  };
}
