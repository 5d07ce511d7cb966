/** What a task, or a node's part of it, can be. The last five are ends. */
export const TASK_STATES = [
  'queued',
  'resolving',
  'running',
  'merging',
  'done',
  'partial',
  'failed',
  'cancelled',
  'expired',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** Whether nothing will change any more. */
export function isEnded(state: string): boolean {
  return (TASK_STATES as readonly string[]).indexOf(state) >= TASK_STATES.indexOf('done');
}
