import type { Profile } from '@kube-eagle/profile';
import { BATCH_HISTORY, type BatchHistoryOptions } from '../batch-history.ts';
import { throwIfCanceled } from '../canceled.ts';
import { DICTIONARY_LIMITS, type DictionaryLimits } from '../dictionary.ts';
import type { Store, StoreLimit, StoreStatus } from '../profile-store.ts';
import { requireSoundBatch } from '../sound-batch.ts';
import { readColumns } from './columns.ts';
import { type Database, openDatabase } from './database.ts';
import {
  createGroupWriter,
  GROUP_WRITER_LIMITS,
  type GroupWriter,
  type GroupWriterLimits,
} from './group-writer.ts';
import { readMerge, readSeries, readTimeline } from './queries.ts';
import { loadState, type StoreState } from './store-state.ts';

export interface DuckdbStoreOptions {
  /** Directory of the store; made where it is not there. One process may open it at a time. */
  readonly dir: string;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Memory that DuckDB may use, beside that of the dictionary; 1 GB if not given. */
  readonly memoryLimitBytes?: number;
  /** Threads of DuckDB; 2 if not given. */
  readonly threads?: number;
  /** Writes are refused while the disk has less room than this; 64 MiB if not given. */
  readonly minFreeBytes?: number;
  readonly dictionary?: Partial<DictionaryLimits>;
  readonly history?: Partial<BatchHistoryOptions>;
  readonly writer?: Partial<GroupWriterLimits>;
}

/**
 * Opens the store of a directory. Throws `failed_precondition` where another process has it or a
 * newer version wrote it, `data_loss` where it is damaged, `unavailable` where it cannot be read.
 */
export async function openDuckdbStore(options: DuckdbStoreOptions): Promise<Store> {
  const { dir, now, memoryLimitBytes = 1e9, threads = 2, minFreeBytes = 1 << 26 } = options;
  const limits = {
    dictionary: { ...DICTIONARY_LIMITS, ...options.dictionary },
    history: { ...BATCH_HISTORY, ...options.history },
  };
  const database = await openDatabase(
    { dir, now, memoryLimitBytes, threads, minFreeBytes },
    (connection) => loadState(connection, limits),
  );
  const writer = createGroupWriter(database, now, { ...GROUP_WRITER_LIMITS, ...options.writer });
  return {
    async append(batchId, profile, signal) {
      throwIfCanceled(signal);
      requireSoundBatch(batchId, profile);
      return writer.append(batchId, profile, signal);
    },
    series: (query, signal) =>
      database.read(
        (connection, { dictionary }) => readSeries({ connection, dictionary, signal }, query),
        signal,
      ),
    merge: (query, signal): Promise<Profile> =>
      database.read(
        (connection, { dictionary }) => readMerge({ connection, dictionary, signal }, query),
        signal,
      ),
    timeline: (query, signal) =>
      database.read(
        (connection, { dictionary }) => readTimeline({ connection, dictionary, signal }, query),
        signal,
      ),
    status: (signal) => readStatus(database, writer, signal),
    async expire(beforeMs, signal) {
      throwIfCanceled(signal);
      return expireRows(database, beforeMs, now() - limits.history.keepMs);
    },
    async [Symbol.asyncDispose]() {
      await writer.idle();
      await database[Symbol.asyncDispose]();
    },
  };
}

function expireRows(
  database: Database<StoreState>,
  beforeMs: number,
  forgetBeforeMs: number,
): Promise<number> {
  const before = BigInt(Math.ceil(beforeMs));
  const forgetBefore = BigInt(Math.ceil(forgetBeforeMs));
  return database.reclaim(async (connection) => {
    const deleted = await connection.run(`DELETE FROM samples WHERE t < ${before}`);
    await connection.run(`DELETE FROM windows WHERE t < ${before}`);
    await connection.run(`DELETE FROM batches WHERE received_ms < ${forgetBefore}`);
    return deleted.rowsChanged;
  });
}

function readStatus(
  database: Database<StoreState>,
  writer: GroupWriter,
  signal: AbortSignal,
): Promise<StoreStatus> {
  return database.read(async (connection, state) => {
    const { dictionary } = state;
    const [rows, oldestMs, newestMs] = await readColumns(
      connection,
      `SELECT (SELECT count(*)::DOUBLE FROM samples),
         coalesce(min(t), 0)::DOUBLE, coalesce(max(t), 0)::DOUBLE FROM windows`,
      ['float64', 'float64', 'float64'],
    );
    return {
      engine: 'duckdb',
      rows: rows[0] ?? 0,
      series: dictionary.series.rows.length,
      stacks: dictionary.stacks.length,
      sizeBytes: await database.sizeBytes(),
      oldestMs: oldestMs[0] ?? 0,
      newestMs: newestMs[0] ?? 0,
      limits: limitsOf(state, database, writer),
    };
  }, signal);
}

function limitsOf(
  { dictionary, history }: StoreState,
  { reads }: Database<StoreState>,
  writer: GroupWriter,
): StoreLimit[] {
  const { strings, series } = dictionary;
  const tables = (['functions', 'mappings', 'frames', 'stacks'] as const).map((name) => ({
    name: `store_${name}`,
    value: dictionary[name].maxRows,
    unit: 'rows',
    hits: dictionary[name].refused,
  }));
  return [
    ...tables,
    { name: 'store_series', value: series.maxRows, unit: 'series', hits: series.refused },
    { name: 'store_strings', value: strings.maxUnits, unit: 'UTF-16 units', hits: strings.refused },
    {
      name: 'store_batch_ids',
      value: history.options.maxIds,
      unit: 'batches',
      hits: history.forgotten,
    },
    {
      name: 'store_waiting_rows',
      value: writer.limits.waitingRows,
      unit: 'rows',
      hits: writer.refused,
    },
    {
      name: 'store_waiting_queries',
      value: reads.options.waiting,
      unit: 'queries',
      hits: reads.refused,
    },
  ];
}
