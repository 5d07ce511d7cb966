import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { isEnded, ListTasksResponseSchema, type TaskService } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { ControlStore } from '../control/control-store.ts';
import type { TaskBoard } from './task-board.ts';

const DEFAULT_LISTED = 100;
const MAX_LISTED = 1_000;

/** Profiles on demand, as task.proto has them. */
export function createTaskService(
  tasks: TaskBoard,
  control: ControlStore,
  draining: AbortSignal,
): ServiceImpl<typeof TaskService> {
  return {
    async createTask({ spec }) {
      if (spec) return await tasks.create(spec);
      throw new EagleError(
        'invalid_argument',
        'expected a spec with targets, duration_ms and rate_hz, got none',
      );
    },
    getTask: ({ id }) => tasks.find(id),
    async listTasks({ limit }) {
      if (limit > MAX_LISTED) {
        throw new EagleError(
          'invalid_argument',
          `expected a limit of at most ${MAX_LISTED}, got ${limit}`,
        );
      }
      const listed = await control.tasks({ limit: limit || DEFAULT_LISTED });
      return create(ListTasksResponseSchema, { tasks: [...listed] });
    },
    async *watchTask({ id }, { signal }) {
      let ended = false;
      for await (const task of tasks.watch(id, AbortSignal.any([signal, draining]))) {
        ended = isEnded(task.state);
        yield task;
      }
      if (!ended && draining.aborted) {
        throw new EagleError('unavailable', 'the server is stopping: watch the task again');
      }
    },
    cancelTask: ({ id }) => tasks.cancel(id),
  };
}
