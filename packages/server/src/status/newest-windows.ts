import type { Limits } from '../limits.ts';

/** Begin of the newest window that each node sent since the server started. */
export interface NewestWindows {
  saw(node: string, timeMs: number): void;
  /** ms since the epoch; 0 where none came. */
  of(node: string): number;
}

/** Remembers at most the limit `tracked_nodes`. */
export function createNewestWindows(limits: Limits): NewestWindows {
  const newest = new Map<string, number>();
  return {
    saw(node, timeMs) {
      if (!newest.has(node) && newest.size >= limits.value('tracked_nodes')) {
        limits.hit('tracked_nodes');
        return;
      }
      newest.set(node, Math.max(newest.get(node) ?? 0, timeMs));
    },
    of: (node) => newest.get(node) ?? 0,
  };
}
