import type { DuckDBConnection } from '@duckdb/node-api';
import { EagleError } from '@kube-eagle/profile';
import { readColumns } from './columns.ts';

/**
 * What makes each format of the one before; the first makes it of an empty file. Only ever append.
 *
 * Rows refer to dictionary rows by `id`: 0, 1, 2, … without a gap; -1 is none. `t` is the begin of a
 * window in ms since the epoch. A sample's `value` times its series' `scale` is the value measured:
 * counts take a third of the room of nanoseconds. `windows` has what a window's rows add up to, so
 * that timelines and series are found without reading samples.
 */
const UPGRADES: readonly (readonly string[])[] = [
  [
    'CREATE TABLE format (version INTEGER NOT NULL)',
    'INSERT INTO format VALUES (0)',
    'CREATE TABLE strings (id INTEGER NOT NULL, text VARCHAR NOT NULL)',
    "INSERT INTO strings VALUES (0, '')",
    `CREATE TABLE functions (
       id INTEGER NOT NULL, name INTEGER NOT NULL, file INTEGER NOT NULL, start_line INTEGER NOT NULL)`,
    'CREATE TABLE mappings (id INTEGER NOT NULL, file INTEGER NOT NULL, build_id INTEGER NOT NULL)',
    `CREATE TABLE frames (
       id INTEGER NOT NULL, function INTEGER NOT NULL, mapping INTEGER NOT NULL,
       address DOUBLE NOT NULL, line INTEGER NOT NULL, kind UTINYINT NOT NULL,
       inlined UTINYINT NOT NULL)`,
    'CREATE TABLE stacks (id INTEGER NOT NULL, parent INTEGER NOT NULL, frame INTEGER NOT NULL)',
    `CREATE TABLE series (
       id INTEGER NOT NULL, type VARCHAR NOT NULL, labels VARCHAR NOT NULL,
       period DOUBLE NOT NULL, scale DOUBLE NOT NULL)`,
    `CREATE TABLE samples (
       t BIGINT NOT NULL, series INTEGER NOT NULL, stack INTEGER NOT NULL, value DOUBLE NOT NULL)`,
    `CREATE TABLE windows (
       t BIGINT NOT NULL, series INTEGER NOT NULL, row_count INTEGER NOT NULL, total DOUBLE NOT NULL,
       taken DOUBLE NOT NULL, lost DOUBLE NOT NULL, truncated DOUBLE NOT NULL,
       unsymbolized DOUBLE NOT NULL)`,
    'CREATE TABLE batches (id VARCHAR NOT NULL, received_ms BIGINT NOT NULL)',
  ],
  [
    'ALTER TABLE windows ADD COLUMN guessed DOUBLE DEFAULT 0',
    'ALTER TABLE windows ALTER COLUMN guessed SET NOT NULL',
  ],
];

/**
 * Brings a database to the newest format, one transaction a step. Throws `failed_precondition` for
 * a format of a newer version.
 */
export async function upgradeSchema(connection: DuckDBConnection): Promise<void> {
  const version = await readVersion(connection);
  if (version > UPGRADES.length) {
    throw new EagleError(
      'failed_precondition',
      `expected a store of format ${UPGRADES.length} or less, got ${version}, which a newer ` +
        'version wrote; run that version, or give another data directory',
    );
  }
  for (const [index, statements] of UPGRADES.slice(version).entries()) {
    await connection.run('BEGIN TRANSACTION');
    for (const statement of statements) await connection.run(statement);
    await connection.run(`UPDATE format SET version = ${version + index + 1}`);
    await connection.run('COMMIT');
  }
}

/** 0 for a file without tables. */
async function readVersion(connection: DuckDBConnection): Promise<number> {
  const [tables] = await readColumns(
    connection,
    "SELECT count(*)::INTEGER FROM duckdb_tables() WHERE table_name = 'format'",
    ['int32'],
  );
  if (tables[0] === 0) return 0;
  const [version] = await readColumns(connection, 'SELECT version FROM format', ['int32']);
  return version[0] ?? 0;
}
