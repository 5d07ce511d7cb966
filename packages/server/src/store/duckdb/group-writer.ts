import { setImmediate } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EagleError, type Profile } from '@kube-eagle/profile';
import { untilCanceled } from '../canceled.ts';
import type { Dictionary } from '../dictionary.ts';
import { appendBatches, type BatchRows, internBatch } from './batch-rows.ts';
import { appendRows } from './columns.ts';
import type { Database } from './database.ts';
import { appendDictionary, dictionarySize } from './dictionary-rows.ts';
import type { StoreState } from './store-state.ts';

/** Writes batches. Those that come while a commit runs go together into the next one. */
export interface GroupWriter {
  readonly limits: GroupWriterLimits;
  /** Batches turned away. */
  readonly refused: number;
  /** Resolves after commit; the outcomes are those of `ProfileStore.append`. */
  append(batchId: string, profile: Profile, signal: AbortSignal): Promise<Outcome>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

export interface GroupWriterLimits {
  /** Rows of samples in one commit; one batch may exceed it. */
  readonly groupRows: number;
  /** Rows of samples that may wait. */
  readonly waitingRows: number;
}

/** A group takes about half a second; what waits, 100 MB at most. */
export const GROUP_WRITER_LIMITS: GroupWriterLimits = { groupRows: 1 << 20, waitingRows: 1 << 22 };

type Outcome = 'stored' | 'duplicate';

interface Append {
  readonly batchId: string;
  readonly profile: Profile;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A writer to a database whose clock is `now`, in ms since the epoch. */
export function createGroupWriter(
  database: Database<StoreState>,
  now: () => number,
  limits: GroupWriterLimits,
): GroupWriter {
  const queue: Append[] = [];
  let waitingRows = 0;
  let refused = 0;
  let running: Promise<void> | undefined;

  function takeGroup(): Append[] {
    const group: Append[] = [];
    let rows = 0;
    while (rows < limits.groupRows) {
      const next = queue.shift();
      if (!next) break;
      waitingRows -= next.profile.samples.length;
      if (next.signal.aborted) continue;
      rows += next.profile.samples.length;
      group.push(next);
    }
    return group;
  }

  async function run(): Promise<void> {
    // Batches that come together go together.
    await undefined;
    while (queue.length > 0) {
      const group = takeGroup();
      if (group.length > 0) await commitGroup(database, group, now());
    }
    running = undefined;
  }

  return {
    limits,
    get refused() {
      return refused;
    },
    async append(batchId, profile, signal) {
      const rows = profile.samples.length;
      if (waitingRows > 0 && waitingRows + rows > limits.waitingRows) {
        refused++;
        throw new EagleError(
          'unavailable',
          `expected at most ${limits.waitingRows} rows to wait for the disk, got ${rows} more; ` +
            'send the batch again later',
          { retryAfterMs: 1000 },
        );
      }
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      queue.push({ batchId, profile, signal, resolve, reject });
      waitingRows += rows;
      running ??= run();
      return untilCanceled(promise, signal);
    },
    async idle() {
      await running;
    },
  };
}

/** Settles every append of the group. Never throws. */
async function commitGroup(
  database: Database<StoreState>,
  group: readonly Append[],
  nowMs: number,
): Promise<void> {
  try {
    const outcomes = await database.write((connection, state) =>
      writeGroup({ connection, state, nowMs }, group),
    );
    for (const [row, append] of group.entries()) {
      const outcome = outcomes[row];
      if (outcome instanceof Error) append.reject(outcome);
      else append.resolve(outcome ?? 'stored');
    }
  } catch (error) {
    const kept = await keptNonetheless(database, group);
    for (const append of group) {
      if (kept.has(append.batchId)) append.resolve('stored');
      else append.reject(error);
    }
  }
}

/**
 * A commit that fails may be kept all the same: where its rows are in the log and only moving the
 * log into the file failed. The database, opened again, tells.
 */
async function keptNonetheless(
  database: Database<StoreState>,
  group: readonly Append[],
): Promise<ReadonlySet<string>> {
  try {
    return await database.read(async (_, { history }) => {
      const kept = group.filter(({ batchId }) => history.has(batchId));
      return new Set(kept.map(({ batchId }) => batchId));
    }, new AbortController().signal);
  } catch {
    return new Set();
  }
}

interface Writing {
  readonly connection: DuckDBConnection;
  readonly state: StoreState;
  readonly nowMs: number;
}

/** An error is the outcome of a batch that has no place; it does not keep the others out. */
async function writeGroup(
  { connection, state, nowMs }: Writing,
  group: readonly Append[],
): Promise<(Outcome | EagleError)[]> {
  const { dictionary, history } = state;
  const outcomes: (Outcome | EagleError)[] = [];
  const ids: string[] = [];
  const batches: BatchRows[] = [];
  for (const { batchId, profile } of group) {
    const rows = history.has(batchId) ? 'duplicate' : tryIntern(dictionary, profile);
    if (rows === 'duplicate' || rows instanceof EagleError) {
      outcomes.push(rows);
      continue;
    }
    batches.push(rows);
    history.add(batchId, nowMs);
    ids.push(batchId);
    outcomes.push('stored');
    // A group may take long: others of this process have their turn in between.
    await setImmediate();
  }
  await appendBatches(connection, batches);
  await appendDictionary(connection, dictionary, state.stored);
  const receivedMs = new Float64Array(ids.length).fill(nowMs);
  await appendRows(connection, 'batches', [{ length: ids.length, columns: [ids, receivedMs] }]);
  state.stored = dictionarySize(dictionary);
  return outcomes;
}

function tryIntern(dictionary: Dictionary, profile: Profile): BatchRows | EagleError {
  try {
    return internBatch(dictionary, profile);
  } catch (error) {
    if (error instanceof EagleError) return error;
    throw error;
  }
}
