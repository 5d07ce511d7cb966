import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTable, encodeTable } from './table-file.ts';
import type { UnwindTable } from './unwind-table.ts';

/** Unwind tables on disk by build id, so that a file is worked through once on a machine. */
export interface TableCache {
  /** `undefined` where it is not there, or damaged: then it is removed and counted. */
  find(buildId: string): Promise<UnwindTable | undefined>;
  /** Keeps a table, where the disk takes it, and gives up those used longest ago. Never rejects. */
  keep(buildId: string, table: UnwindTable): Promise<void>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface TableCacheOptions {
  /** Made if need be, with mode 0700. */
  readonly directory: string;
  /** Of all files together; the last one kept may be larger. */
  readonly maxBytes: number;
  readonly nowMs: () => number;
}

/** What this cache may have written; other files are not its to remove. */
const OWN_NAME = /^([0-9a-f]{8,256})\.table(\.tmp)?$/;
const BUILD_ID = /^[0-9a-f]{8,256}$/;

/** The cache with the tables that an earlier process left. */
export async function openTableCache(options: TableCacheOptions): Promise<TableCache> {
  const { directory, maxBytes, nowMs } = options;
  /** Bytes by build id, the least recently used first. */
  const sizes = await sizesLeft(directory);
  const counters = {
    cacheHits: 0,
    cacheWrites: 0,
    cacheEvicted: 0,
    cacheDamaged: 0,
    cacheFailed: 0,
  };
  const pathOf = (buildId: string): string => join(directory, `${buildId}.table`);
  const writing = new Set<string>();
  let heldBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);

  function forget(buildId: string): void {
    heldBytes -= sizes.get(buildId) ?? 0;
    sizes.delete(buildId);
  }

  async function remove(buildId: string): Promise<void> {
    forget(buildId);
    await rm(pathOf(buildId), { force: true }).catch(() => undefined);
  }

  async function makeRoom(newest: string): Promise<void> {
    for (const buildId of sizes.keys()) {
      if (heldBytes <= maxBytes || buildId === newest) return;
      counters.cacheEvicted++;
      await remove(buildId);
    }
  }

  function renew(buildId: string, sizeBytes: number): void {
    forget(buildId);
    sizes.set(buildId, sizeBytes);
    heldBytes += sizeBytes;
  }

  await makeRoom('');
  return {
    counters,
    async find(buildId) {
      if (!sizes.has(buildId)) return undefined;
      const bytes = await readFile(pathOf(buildId)).catch(() => undefined);
      const table = bytes && decodeTable(buildId, bytes);
      if (!bytes || !table) {
        counters.cacheDamaged++;
        await remove(buildId);
        return undefined;
      }
      counters.cacheHits++;
      renew(buildId, bytes.length);
      const seconds = nowMs() / 1_000;
      await utimes(pathOf(buildId), seconds, seconds).catch(() => undefined);
      return table;
    },
    async keep(buildId, table) {
      if (!BUILD_ID.test(buildId) || sizes.has(buildId) || writing.has(buildId)) return;
      writing.add(buildId);
      const bytes = encodeTable(buildId, table);
      try {
        await writeWhole(pathOf(buildId), bytes);
        counters.cacheWrites++;
        renew(buildId, bytes.length);
        await makeRoom(buildId);
      } catch {
        counters.cacheFailed++;
      } finally {
        writing.delete(buildId);
      }
    },
  };
}

/** A file that is whole or not there while the machine runs; a power cut may leave a damaged one. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.tmp`;
  try {
    await writeFile(unfinished, bytes, { mode: 0o600 });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Bytes of each table by its build id, by time of last use. What was not finished goes. */
async function sizesLeft(directory: string): Promise<Map<string, number>> {
  // A directory that cannot be made shows when the first table is written.
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const names = await readdir(directory).catch(() => [] as string[]);
  const found: { readonly buildId: string; readonly size: number; readonly mtimeMs: number }[] = [];
  for (const name of names) {
    const [, buildId, unfinished] = OWN_NAME.exec(name) ?? [];
    if (buildId === undefined) continue;
    const path = join(directory, name);
    const status = await stat(path).catch(() => undefined);
    if (unfinished !== undefined) await rm(path, { force: true }).catch(() => undefined);
    else if (status) found.push({ buildId, size: status.size, mtimeMs: status.mtimeMs });
  }
  found.sort((a, b) => a.mtimeMs - b.mtimeMs);
  return new Map(found.map(({ buildId, size }) => [buildId, size]));
}
