import { BLOCK_BYTES, layOutBlocks } from '../unwind/table-blocks.ts';
import { type BuiltTable, createTableBuilder } from '../unwind/table-builder.ts';
import type { UnwindTable } from '../unwind/unwind-table.ts';
import { MAX_KERNEL_TABLES, uint32Bytes } from './ebpf-object.ts';
import type { CodeFile } from './executable-table.ts';
import { createKernelRules } from './kernel-rules.ts';
import { type BpfMap, type BpfObject, closeFd, createBlockArray } from './libbpf.ts';

/** Bytes of all tables. */
const MAX_TABLE_BYTES = 32 * 2 ** 20;

/** Gives the kernel the unwind tables of the executables it meets. */
export interface UnwindTables extends AsyncDisposable {
  /** Has the table of a file in the kernel before long. Until then frame pointers are followed. */
  want(file: CodeFile): void;
  /** Resolves when everything wanted so far is there. */
  settled(): Promise<void>;
  readonly counters: Readonly<Record<string, number>>;
}

/** A table in the kernel; files of one build share it. */
interface KernelTable {
  readonly fd: number;
  readonly sizeBytes: number;
  /** Numbers of the executables that have it. */
  readonly executables: number[];
}

/** `undefined` for a file without a table; `gone` for one that could not be opened. */
type Loaded = KernelTable | undefined | 'gone';

/** Tries to open a file: each process that maps it is another way to it. */
const MAX_TRIES = 4;

/** No tables yet. */
export function createUnwindTables(object: BpfObject): UnwindTables {
  const builder = createTableBuilder();
  const rules = createKernelRules(object.map('rules'));
  const shelf = createShelf(object.map('tables'));
  const pending = new Set<Promise<void>>();
  let filesWithoutTable = 0;

  function insert(key: string, built: BuiltTable): Loaded {
    if (built.kind === 'gone') return 'gone';
    const table = built.kind === 'table' ? putIntoArray(built.table) : undefined;
    if (table) shelf.keep(key, table);
    else filesWithoutTable++;
    return table;
  }

  function putIntoArray(table: UnwindTable): KernelTable | undefined {
    const numbers = rules.numbersOf(table.rules);
    const bytes = layOutBlocks(table, (rule) => numbers[rule] ?? 0);
    const fd = bytes && createBlockArray(bytes, BLOCK_BYTES);
    return typeof fd === 'number'
      ? { fd, sizeBytes: bytes?.length ?? 0, executables: [] }
      : undefined;
  }

  return {
    get counters() {
      return { ...shelf.counters, filesWithoutTable, rulesRefused: rules.refused };
    },
    want(file) {
      const { buildId, openPath, path } = file.executable;
      const key = buildId || openPath || path;
      const work = shelf
        .linkTo(file.number, key, async () =>
          insert(key, await builder.build(file.executable.openPath)),
        )
        .finally(() => pending.delete(work));
      pending.add(work);
    },
    async settled() {
      await Promise.all(pending);
    },
    async [Symbol.asyncDispose]() {
      shelf.close();
      await builder[Symbol.asyncDispose]();
      await Promise.all(pending);
      shelf[Symbol.dispose]();
    },
  };
}

/** The tables in the kernel by the key of their file, the least recently wanted given up first. */
function createShelf(tables: BpfMap) {
  const loading = new Map<string, Promise<Loaded>>();
  const kept = new Map<string, KernelTable>();
  const counters = { tables: 0, tableBytes: 0, tablesEvicted: 0 };
  let isClosed = false;

  function drop(key: string, { fd, sizeBytes, executables }: KernelTable): void {
    for (const number of executables) tables.delete(uint32Bytes(number));
    closeFd(fd);
    kept.delete(key);
    loading.delete(key);
    counters.tables--;
    counters.tableBytes -= sizeBytes;
  }

  async function link(
    executable: number,
    key: string,
    table: KernelTable | undefined,
  ): Promise<void> {
    if (!table || isClosed || table.executables.includes(executable)) return;
    kept.delete(key);
    kept.set(key, table);
    table.executables.push(executable);
    await tables.put(uint32Bytes(executable), uint32Bytes(table.fd));
  }

  return {
    counters,
    keep(key: string, table: KernelTable): void {
      kept.set(key, table);
      counters.tables++;
      counters.tableBytes += table.sizeBytes;
      for (const [other, older] of kept) {
        if (counters.tableBytes <= MAX_TABLE_BYTES && kept.size <= MAX_KERNEL_TABLES) return;
        if (other === key) continue;
        drop(other, older);
        counters.tablesEvicted++;
      }
    },
    /** Has the table of a file, loaded by whoever wants it first, linked to an executable. */
    async linkTo(executable: number, key: string, load: () => Promise<Loaded>): Promise<void> {
      for (let tries = 0; tries < MAX_TRIES && !isClosed; tries++) {
        const one = loading.get(key) ?? load();
        loading.set(key, one);
        const table = await one;
        if (table !== 'gone') return link(executable, key, table);
        if (loading.get(key) === one) loading.delete(key);
      }
    },
    /** Nothing is put into the kernel any more. */
    close() {
      isClosed = true;
    },
    [Symbol.dispose]() {
      for (const [key, table] of kept) drop(key, table);
    },
  };
}
