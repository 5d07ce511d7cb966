import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type BatchHistory,
  type BatchHistoryOptions,
  createBatchHistory,
} from '../batch-history.ts';
import type { Dictionary, DictionaryLimits } from '../dictionary.ts';
import { readColumns } from './columns.ts';
import { type DictionarySize, dictionarySize, loadDictionary } from './dictionary-rows.ts';

/** What the store keeps in memory of its file. */
export interface StoreState {
  readonly dictionary: Dictionary;
  readonly history: BatchHistory;
  /** Rows of the dictionary that are in the file. */
  stored: DictionarySize;
}

export interface StoreStateOptions {
  readonly dictionary: DictionaryLimits;
  readonly history: BatchHistoryOptions;
}

/** Reads the state. */
export async function loadState(
  connection: DuckDBConnection,
  options: StoreStateOptions,
): Promise<StoreState> {
  const dictionary = await loadDictionary(connection, options.dictionary);
  const history = createBatchHistory(options.history);
  const [id, receivedMs] = await readColumns(
    connection,
    `SELECT id, received_ms::DOUBLE FROM (
       SELECT * FROM batches ORDER BY received_ms DESC LIMIT ${options.history.maxIds}
     ) ORDER BY received_ms`,
    ['text', 'float64'],
  );
  for (const [row, each] of id.entries()) history.add(each, receivedMs[row] ?? 0);
  return { dictionary, history, stored: dictionarySize(dictionary) };
}
