import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { upgradeSchema } from './schema.ts';

export interface SessionOptions {
  /** Directory of the database; made where it is not there. */
  readonly dir: string;
  /** Memory that DuckDB may use, beside that of the dictionary. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
}

/** The open database, and what was read of it when it was opened. */
export interface Session<State> {
  readonly instance: DuckDBInstance;
  /** The one connection that writes. */
  readonly connection: DuckDBConnection;
  readonly state: State;
}

/** Path of the database in a data directory. */
export function databasePath(dir: string): string {
  return join(dir, 'profiles.duckdb');
}

/** Opens the database, brings its format up to date and reads the state. */
export async function openSession<State>(
  { dir, memoryLimitBytes, threads }: SessionOptions,
  load: (connection: DuckDBConnection) => Promise<State>,
): Promise<Session<State>> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const spillDir = join(dir, 'spill');
  await rm(spillDir, { recursive: true, force: true });
  const instance = await DuckDBInstance.create(databasePath(dir), {
    memory_limit: `${Math.round(memoryLimitBytes / 1e6)}MB`,
    threads: String(threads),
    temp_directory: spillDir,
    max_temp_directory_size: `${Math.round((4 * memoryLimitBytes) / 1e6)}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  let connection: DuckDBConnection | undefined;
  try {
    connection = await instance.connect();
    await upgradeSchema(connection);
    return { instance, connection, state: await load(connection) };
  } catch (error) {
    connection?.closeSync();
    instance.closeSync();
    throw error;
  }
}

/** Closes the database; an open transaction is rolled back. */
export function closeSession({ instance, connection }: Session<unknown>): void {
  connection.closeSync();
  instance.closeSync();
}
