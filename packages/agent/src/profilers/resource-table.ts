import type { Process } from '../sampler/sampler.ts';
import type { ResourceClass } from './profiler.ts';

/** Who uses a resource of a process, and until when at the latest. */
export interface Holder {
  readonly taskId: string;
  readonly profiler: string;
  readonly untilMs: number;
}

/** What came of asking for a resource. */
export type Take =
  | { readonly kind: 'taken'; readonly lease: Disposable }
  | { readonly kind: 'held'; readonly by: Holder };

/** Which profiler uses what of which process: one at a time, in this agent. */
export interface ResourceTable {
  /** The resource until the lease is disposed, or who has it. */
  take(process: Pick<Process, 'pid' | 'startTicks'>, resource: ResourceClass, holder: Holder): Take;
}

/** A table where nothing is held. It is bound by the tasks and processes that are under way. */
export function createResourceTable(): ResourceTable {
  const held = new Map<string, Holder>();
  return {
    take({ pid, startTicks }, resource, holder) {
      const key = `${pid} ${startTicks} ${resource}`;
      const by = held.get(key);
      if (by) return { kind: 'held', by };
      held.set(key, holder);
      return { kind: 'taken', lease: { [Symbol.dispose]: () => void held.delete(key) } };
    },
  };
}
