import { createBell } from '../export/bell.ts';
import type { Container, ContainerChange, ContainerSource } from './container-source.ts';

/** A runtime in memory, and what happens in it. */
export interface MemorySource extends ContainerSource {
  start(container: Container): void;
  stop(id: string): void;
  /** Makes whoever watches see the end, as where a daemon ends. */
  fail(error: Error): void;
}

/** A runtime where nothing runs yet. */
export function createMemorySource(): MemorySource {
  const running = new Map<string, Container>();
  const watchers = new Set<(step: ContainerChange | Error) => void>();
  const tell = (step: ContainerChange | Error): void => {
    for (const watcher of watchers) watcher(step);
  };
  return {
    runtime: 'docker',
    start(container) {
      running.set(container.id, container);
      tell({ kind: 'runs', container });
    },
    stop(id) {
      running.delete(id);
      tell({ kind: 'ended', id });
    },
    fail: tell,
    async *watch(signal) {
      const steps: (ContainerChange | Error)[] = [];
      const bell = createBell();
      const watcher = (step: ContainerChange | Error): void => {
        steps.push(step);
        bell.ring();
      };
      watchers.add(watcher);
      try {
        yield { kind: 'all', containers: [...running.values()] };
        while (!signal.aborted) {
          const step = steps.shift();
          if (step instanceof Error) throw step;
          if (step) yield step;
          else await bell.wait(signal);
        }
      } finally {
        watchers.delete(watcher);
      }
    },
  };
}
