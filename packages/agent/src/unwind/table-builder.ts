import { Worker } from 'node:worker_threads';
import type { TableAnswer, TableRequest } from './table-worker.ts';
import type { UnwindTable } from './unwind-table.ts';

/** What became of a file. */
export type BuiltTable =
  | { readonly kind: 'table'; readonly table: UnwindTable }
  /** It has no call frame information that can be used. */
  | { readonly kind: 'none' }
  /** It can't be opened, now at least. */
  | { readonly kind: 'gone' };

/** Makes unwind tables on a thread of their own, which ends when there is nothing to do. */
export interface TableBuilder extends AsyncDisposable {
  /** `openPath` is empty for the vDSO. Never rejects. */
  build(openPath: string): Promise<BuiltTable>;
}

/** How long the thread, which holds some 10 MB, is kept for the next file. */
const IDLE_MS = 2_000;

/** A builder whose thread begins with the first file. */
export function createTableBuilder(): TableBuilder {
  const waiting = new Map<number, (built: BuiltTable) => void>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 0;

  function settle(id: number, built: BuiltTable): void {
    waiting.get(id)?.(built);
    waiting.delete(id);
    if (waiting.size === 0) idle = setTimeout(end, IDLE_MS).unref();
  }

  function end(): void {
    const ended = worker;
    worker = undefined;
    void ended?.terminate();
  }

  function begin(): Worker {
    const begun = new Worker(new URL('./table-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    begun.unref();
    begun.on('message', ({ id, isOpened, table }: TableAnswer) => {
      if (!isOpened) settle(id, { kind: 'gone' });
      else settle(id, table ? { kind: 'table', table } : { kind: 'none' });
    });
    // The file that broke the thread has no table; those behind it are to be tried again.
    begun.on('error', () => {
      if (worker === begun) worker = undefined;
      const [culprit, ...others] = waiting.keys();
      if (culprit !== undefined) settle(culprit, { kind: 'none' });
      for (const id of others) settle(id, { kind: 'gone' });
    });
    return begun;
  }

  return {
    build(openPath) {
      const { promise, resolve } = Promise.withResolvers<BuiltTable>();
      const id = nextId++;
      waiting.set(id, resolve);
      clearTimeout(idle);
      worker ??= begin();
      worker.postMessage({ id, openPath } satisfies TableRequest);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(idle);
      const ended = worker;
      worker = undefined;
      await ended?.terminate();
      for (const id of [...waiting.keys()]) settle(id, { kind: 'gone' });
      clearTimeout(idle);
    },
  };
}
