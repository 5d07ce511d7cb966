import { MAX_KERNEL_TABLES, uint32Bytes } from './ebpf-object.ts';
import { type BpfMap, closeFd } from './libbpf.ts';

/** A table in the kernel. */
export interface KernelTable {
  readonly fd: number;
  readonly sizeBytes: number;
}

/** Tables in the kernel by a key of their file, linked to the numbers of the executables they hold for. */
export interface TableShelf extends AsyncDisposable {
  /** The table of a file; `undefined` if it is not there. */
  find(key: string): KernelTable | undefined;
  /** Takes over a table, and gives up those least recently used where there are too many. */
  keep(key: string, table: KernelTable): void;
  /** Has the program find the table of a file, which must be kept, by an executable's number. */
  link(executable: number, key: string): Promise<void>;
  /** Says that an executable's code was met. */
  use(executable: number): void;
  readonly counters: Readonly<Record<string, number>>;
}

interface Kept extends KernelTable {
  readonly executables: Set<number>;
  /** Ends when the kernel has done all that was asked for: only then may the descriptor close. */
  settled: Promise<unknown>;
}

/** What a shelf holds at most. */
export interface ShelfBounds {
  readonly tableBytes: number;
  readonly links: number;
}

const BOUNDS: ShelfBounds = { tableBytes: 32 * 2 ** 20, links: MAX_KERNEL_TABLES };

function moveToEnd<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

/** An empty shelf over a map of maps. */
export function createTableShelf(tables: BpfMap, bounds: ShelfBounds = BOUNDS): TableShelf {
  /** The least recently used first, like `links`. */
  const kept = new Map<string, Kept>();
  /** Keys of tables by the number of the executable. */
  const links = new Map<number, string>();
  const closing = new Set<Promise<unknown>>();
  const counters = { tables: 0, tableBytes: 0, tablesEvicted: 0, linksEvicted: 0, linksRefused: 0 };

  /** Frames of one file follow each other, so this answers most calls of `use`. */
  let newest = -1;

  function unlink(executable: number): void {
    if (executable === newest) newest = -1;
    const table = kept.get(links.get(executable) ?? '');
    links.delete(executable);
    if (!table?.executables.delete(executable)) return;
    table.settled = table.settled.then(() => tables.remove(uint32Bytes(executable)));
  }

  function drop(key: string, table: Kept): void {
    for (const executable of [...table.executables]) unlink(executable);
    kept.delete(key);
    counters.tables--;
    counters.tableBytes -= table.sizeBytes;
    const closed = table.settled.then(() => closeFd(table.fd));
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  }

  function use(executable: number): void {
    if (executable === newest) return;
    const key = links.get(executable);
    const table = key === undefined ? undefined : kept.get(key);
    if (key === undefined || !table) return;
    newest = executable;
    moveToEnd(links, executable, key);
    moveToEnd(kept, key, table);
  }

  return {
    counters,
    find: (key) => kept.get(key),
    use,
    keep(key, table) {
      kept.set(key, { ...table, executables: new Set(), settled: Promise.resolve() });
      counters.tables++;
      counters.tableBytes += table.sizeBytes;
      for (const [other, older] of kept) {
        if (counters.tableBytes <= bounds.tableBytes || other === key) return;
        drop(other, older);
        counters.tablesEvicted++;
      }
    },
    async link(executable, key) {
      const table = kept.get(key);
      if (!table) return;
      if (links.has(executable)) return use(executable);
      for (const [oldest] of links) {
        if (links.size < bounds.links) break;
        unlink(oldest);
        counters.linksEvicted++;
      }
      links.set(executable, key);
      table.executables.add(executable);
      use(executable);
      const isLinked = table.settled.then(() =>
        tables.put(uint32Bytes(executable), uint32Bytes(table.fd)),
      );
      table.settled = isLinked;
      if (await isLinked) return;
      counters.linksRefused++;
      if (links.get(executable) === key) unlink(executable);
    },
    async [Symbol.asyncDispose]() {
      for (const [key, table] of kept) drop(key, table);
      await Promise.all(closing);
    },
  };
}
