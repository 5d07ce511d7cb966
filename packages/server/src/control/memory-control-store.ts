import { isEnded, type Task } from '@kube-eagle/api';
import { AGENTS_KEPT, type ControlStore, type KnownAgent, TASKS_KEPT } from './control-store.ts';

/** A control store that forgets with its process. */
export function createMemoryControlStore(): ControlStore {
  const tasks = new Map<string, Task>();
  const agents = new Map<string, KnownAgent>();
  return {
    async addTask(task) {
      const key = task.spec?.idempotencyKey ?? '';
      const known = [...tasks.values()].find(
        ({ spec }) => key !== '' && spec?.idempotencyKey === key,
      );
      if (known) return known;
      tasks.set(task.id, task);
      forgetFirst(tasks, TASKS_KEPT);
      return task;
    },
    async saveTask(task) {
      tasks.set(task.id, task);
    },
    async findTask(id) {
      return tasks.get(id);
    },
    async tasks({ limit, open = false }) {
      return [...tasks.values()]
        .filter(({ state }) => !(open && isEnded(state)))
        .sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
    async saveAgent(known) {
      agents.delete(known.agent.id);
      agents.set(known.agent.id, known);
      forgetFirst(agents, AGENTS_KEPT);
    },
    async agents(limit) {
      return [...agents.values()]
        .sort((a, b) => b.lastSeenMs - a.lastSeenMs)
        .slice(0, limit)
        .sort((a, b) => (a.agent.id < b.agent.id ? -1 : 1));
    },
    async [Symbol.asyncDispose]() {
      tasks.clear();
      agents.clear();
    },
  };
}

/** Deletes what was put first until at most `kept` are left. */
function forgetFirst(map: Map<string, unknown>, kept: number): void {
  for (const key of map.keys()) {
    if (map.size <= kept) return;
    map.delete(key);
  }
}
