import type { Executable } from '../sampler/sampler.ts';
import type { FileSymbols, FoundFunction } from './file-symbols.ts';

/** What is known of a file: the functions at addresses of its own space, none where it has no name. */
export type KnownFunctions = ReadonlyMap<number, readonly FoundFunction[]>;

/** Names found so far, and the tables that were used last. */
export interface SymbolCache extends Disposable {
  /** The functions at some addresses of a file. Its table is read only if one of them is new. */
  resolve(executable: Executable, addresses: Iterable<number>): Promise<KnownFunctions>;
  readonly counters: Readonly<SymbolCacheCounters>;
}

export interface SymbolCacheCounters {
  hits: number;
  misses: number;
  /** Tables read. */
  loads: number;
  /** Tables given up because together they held too many bytes. */
  evictions: number;
  /** Names given up because a file had too many, or there were too many files. */
  forgotten: number;
  /** Entries of symbol tables that were left out because of a bound. */
  omitted: number;
}

export interface SymbolCacheOptions {
  /** Bytes that tables may hold together. The last one used is kept even if it is larger. */
  readonly maxBytes: number;
  /** `undefined` where the file can't be opened just now. */
  readonly open: (executable: Executable) => Promise<FileSymbols | undefined>;
}

/** Files whose names are remembered, a bound against files that come and go. */
const MAX_FILES = 4096;
/** Tables kept, each with its file open. */
const MAX_TABLES = 256;
/** Names remembered of one file. */
const MAX_NAMES = 20_000;

interface Entry {
  readonly names: Map<number, readonly FoundFunction[]>;
  table: FileSymbols | undefined;
}

/**
 * A file is known by its build id, so that a hundred pods of one image share a table. Names outlive
 * their table: few addresses are ever sampled, and a table is read again only for a new one.
 */
export function createSymbolCache({ maxBytes, open }: SymbolCacheOptions): SymbolCache {
  /** In the order of their last use. */
  const entries = new Map<string, Entry>();
  const counters = { hits: 0, misses: 0, loads: 0, evictions: 0, forgotten: 0, omitted: 0 };
  let heldBytes = 0;
  let tables = 0;

  function touch({ buildId, openPath, path }: Executable): Entry {
    const key = buildId || openPath || path;
    const entry = entries.get(key) ?? { names: new Map(), table: undefined };
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  }

  function dropTable(entry: Entry): void {
    if (!entry.table) return;
    heldBytes -= entry.table.sizeBytes;
    tables--;
    entry.table[Symbol.dispose]();
    entry.table = undefined;
  }

  function makeRoom(current: Entry): void {
    for (const [key, entry] of entries) {
      const isTooMany = entries.size > MAX_FILES;
      if (heldBytes <= maxBytes && tables <= MAX_TABLES && !isTooMany) return;
      if (entry === current) continue;
      if (entry.table) counters.evictions++;
      dropTable(entry);
      if (isTooMany) {
        entries.delete(key);
        counters.forgotten += entry.names.size;
      }
    }
  }

  async function tableOf(entry: Entry, executable: Executable): Promise<FileSymbols | undefined> {
    if (entry.table) return entry.table;
    entry.table = await open(executable);
    if (!entry.table) return undefined;
    heldBytes += entry.table.sizeBytes;
    tables++;
    counters.loads++;
    counters.omitted += entry.table.omitted;
    makeRoom(entry);
    return entry.table;
  }

  return {
    counters,
    [Symbol.dispose]() {
      for (const entry of entries.values()) dropTable(entry);
    },
    async resolve(executable, addresses) {
      const entry = touch(executable);
      const all = [...new Set(addresses)];
      const unknown = all.filter((address) => !entry.names.has(address));
      counters.hits += all.length - unknown.length;
      counters.misses += unknown.length;
      const table = unknown.length > 0 ? await tableOf(entry, executable) : undefined;
      if (!table) return entry.names;
      if (entry.names.size + unknown.length > MAX_NAMES) {
        counters.forgotten += entry.names.size;
        entry.names.clear();
      }
      const wanted = entry.names.size === 0 ? all : unknown;
      for (const address of wanted) entry.names.set(address, table.find(address));
      return entry.names;
    },
  };
}
