import type { Agent, Task } from '@kube-eagle/api';

/** An agent as it was when it was last connected. */
export interface KnownAgent {
  readonly agent: Agent;
  readonly lastSeenMs: number;
}

/** Tasks that are kept, the newest. */
export const TASKS_KEPT = 10_000;

/** Agents that are kept, the last seen. */
export const AGENTS_KEPT = 20_000;

/**
 * What must outlive the process beside profiles: tasks and who the agents are. Drivers: SQLite and
 * memory; both pass one conformance suite. Messages given and taken are never changed afterwards.
 */
export interface ControlStore extends AsyncDisposable {
  /** Adds a task. Gives the one that has its idempotency key already, where the key is not empty. */
  addTask(task: Task): Promise<Task>;
  /** Replaces the task of the same id. */
  saveTask(task: Task): Promise<void>;
  findTask(id: string): Promise<Task | undefined>;
  /** Newest first; only those that have not ended if `open`. */
  tasks(filter: { readonly limit: number; readonly open?: boolean }): Promise<readonly Task[]>;
  saveAgent(agent: KnownAgent): Promise<void>;
  /** By id, the last `limit` seen. */
  agents(limit: number): Promise<readonly KnownAgent[]>;
}
