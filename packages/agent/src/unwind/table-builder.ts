import { statSync } from 'node:fs';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { TableCache } from './table-cache.ts';
import { type BuiltTable, type CodeOrigin, tableOfFile } from './table-of-file.ts';
import type { TableAnswer, TableRequest } from './table-worker.ts';

/** Makes unwind tables: of large files on a thread, which ends when there is nothing to do. */
export interface TableBuilder extends AsyncDisposable {
  /** Never rejects. */
  build(file: CodeOrigin): Promise<BuiltTable>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface TableBuilderOptions {
  /** Where tables of an earlier run are. Without it each is made anew. */
  readonly cache?: TableCache;
  /** Hears of each file whose table could not be made. */
  readonly onFailed?: (file: CodeOrigin, problem: string) => void;
}

/** How long the thread, which holds some 10 MB and takes a tenth of a second to begin, is kept. */
const IDLE_MS = 10_000;
/** A file up to this size is done in a few milliseconds: no thread is begun for it. */
const SMALL_BYTES = 256 * 1024;

/** A builder whose thread begins with the first large file that is not in the cache. */
export function createTableBuilder(options: TableBuilderOptions = {}): TableBuilder {
  const { cache, onFailed } = options;
  const thread = createTableThread();
  const counters = { tablesBuilt: 0, tablesFailed: 0 };

  /** Small files, one after another. */
  let turn: Promise<unknown> = Promise.resolve();

  function makeHere(file: CodeOrigin): Promise<BuiltTable> {
    const built = turn.then(() => yieldToEventLoop()).then(() => tableOfFile(file));
    turn = built;
    return built;
  }

  async function make(file: CodeOrigin): Promise<BuiltTable> {
    const built = await (isSmall(file) ? makeHere(file) : thread.build(file));
    if (built.kind === 'table') {
      counters.tablesBuilt++;
      if (built.isLasting) void cache?.keep(file.buildId, built.table);
    } else if (built.kind === 'failed') {
      counters.tablesFailed++;
      onFailed?.(file, built.problem);
    }
    return built;
  }

  return {
    get counters() {
      return { ...counters, ...cache?.counters };
    },
    async build(file) {
      const table = await cache?.find(file.buildId);
      return table ? { kind: 'table', table, isLasting: true } : await make(file);
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

function isSmall({ openPath }: CodeOrigin): boolean {
  try {
    return openPath === '' || statSync(openPath).size <= SMALL_BYTES;
  } catch {
    // It is gone, which takes no time to find out.
    return true;
  }
}

function createTableThread(): Omit<TableBuilder, 'counters'> {
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
    begun.on('message', ({ id, built }: TableAnswer) => settle(id, built));
    // The file that broke the thread, for want of memory, has no table; those behind it are to be
    // tried again.
    begun.on('error', (error) => {
      if (worker === begun) worker = undefined;
      const [culprit, ...others] = waiting.keys();
      if (culprit !== undefined) settle(culprit, { kind: 'failed', problem: String(error) });
      for (const id of others) settle(id, { kind: 'gone' });
    });
    return begun;
  }

  return {
    build(file) {
      const { promise, resolve } = Promise.withResolvers<BuiltTable>();
      const id = nextId++;
      waiting.set(id, resolve);
      clearTimeout(idle);
      worker ??= begin();
      worker.postMessage({ id, ...file } satisfies TableRequest);
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
