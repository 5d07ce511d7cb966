import { mkdir, realpath, stat, statfs } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EagleError } from '@kube-eagle/profile';
import { createGate, type Gate } from '../gate.ts';
import { databasePath, type Session, type SessionOptions } from './session.ts';
import { createSessions } from './sessions.ts';
import { storeError } from './store-error.ts';

export interface DatabaseOptions extends SessionOptions {
  /** Writes are refused while the disk has less room than this. */
  readonly minFreeBytes: number;
  /** Ms since the epoch. */
  readonly now: () => number;
}

/** Work on a connection and on what was read when the database was opened. */
export type Work<State, T> = (connection: DuckDBConnection, state: State) => Promise<T>;

/**
 * A DuckDB file with its state in memory. What a write adds to the state is kept only if the write
 * is: when one fails, the database is closed and opened again, and the state read anew. After a full
 * disk DuckDB asks for just that, and a commit whose outcome is not known ends either way.
 */
export interface Database<State> extends AsyncDisposable {
  /** Runs reads, two at a time so that they leave threads to writes, each on its own connection. */
  read<T>(work: Work<State, T>, signal: AbortSignal): Promise<T>;
  /** Runs `work` as one transaction, one at a time. Throws `unavailable` where it was not kept. */
  write<T>(work: Work<State, T>): Promise<T>;
  /** As `write`, for work that deletes: on a full disk as well, and the room is free thereafter. */
  reclaim<T>(work: Work<State, T>): Promise<T>;
  /** Of the file and its log. */
  sizeBytes(): Promise<number>;
  readonly reads: Gate;
}

const RETRY_MS = 1000;
const READS = { width: 2, waiting: 64 };
const WRITES = { width: 1, waiting: Number.POSITIVE_INFINITY };

/** DuckDB's lock on its file keeps other processes out, but not this one. */
const openDirs = new Set<string>();

/**
 * Opens the database of a directory. Throws `failed_precondition` where it is open elsewhere or of a
 * newer format, `data_loss` where it is damaged, `unavailable` where it cannot be read.
 */
export async function openDatabase<State>(
  options: DatabaseOptions,
  load: (connection: DuckDBConnection) => Promise<State>,
): Promise<Database<State>> {
  const { dir } = options;
  const unlock = await lockDir(dir);
  const sessions = createSessions(options, load);
  const readGate = createGate(READS);
  const writeGate = createGate(WRITES);
  const never = new AbortController().signal;
  let refusal: { readonly error: EagleError; readonly untilMs: number } | undefined;

  async function transact<T>(work: (session: Session<State>) => Promise<T>): Promise<T> {
    if (refusal && options.now() < refusal.untilMs) throw refusal.error;
    try {
      return await work(await sessions.current());
    } catch (cause) {
      await sessions.end();
      const error = storeError(cause, dir);
      refusal = { error, untilMs: options.now() + RETRY_MS };
      throw error;
    }
  }

  const database: Database<State> = {
    reads: readGate,
    read: (work, signal) => readGate.run(() => sessions.read(work, signal), signal),
    write: (work) =>
      writeGate.run(async () => {
        await requireRoom(options);
        return transact((session) => commit(session, work));
      }, never),
    reclaim: (work) =>
      writeGate.run(
        () =>
          transact(async (session) => {
            const result = await commit(session, work);
            // Rows that are deleted keep their room until the log is moved into the file.
            await session.connection.run('CHECKPOINT');
            return result;
          }),
        never,
      ),
    sizeBytes: () => sizeOf(databasePath(dir)),
    async [Symbol.asyncDispose]() {
      await writeGate.run(async () => sessions[Symbol.asyncDispose](), never);
      unlock();
    },
  };
  try {
    await sessions.current();
    return database;
  } catch (cause) {
    unlock();
    throw storeError(cause, dir);
  }
}

async function commit<State, T>(
  { connection, state }: Session<State>,
  work: Work<State, T>,
): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  const result = await work(connection, state);
  await connection.run('COMMIT');
  return result;
}

async function lockDir(dir: string): Promise<() => void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw storeError(cause, dir);
  }
  const path = await realpath(dir);
  if (openDirs.has(path)) {
    throw new EagleError(
      'failed_precondition',
      `${dir}: this process has this data directory open already; give another one`,
    );
  }
  openDirs.add(path);
  return () => openDirs.delete(path);
}

async function requireRoom({ dir, minFreeBytes }: DatabaseOptions): Promise<void> {
  const { bavail, bsize } = await statfs(dir).catch((cause: unknown) => {
    throw storeError(cause, dir);
  });
  if (bavail * bsize >= minFreeBytes) return;
  throw new EagleError(
    'unavailable',
    `expected ${minFreeBytes} free bytes on the disk of ${dir}, got ${bavail * bsize}; ` +
      'make room, keep less history, or give another data directory',
    { retryAfterMs: 10 * RETRY_MS },
  );
}

async function sizeOf(path: string): Promise<number> {
  const sizes = await Promise.all(
    [path, `${path}.wal`].map((each) =>
      stat(each).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((total, size) => total + size, 0);
}
