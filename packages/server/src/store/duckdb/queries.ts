import type { DuckDBConnection } from '@duckdb/node-api';
import {
  labelsKey,
  type Profile,
  profileTypeId,
  QUALITY_COUNTS,
  type QualityCounts,
  qualityCounts,
} from '@kube-eagle/profile';
import { throwIfCanceled } from '../canceled.ts';
import type { Dictionary } from '../dictionary.ts';
import { type MergedType, mergedProfile } from '../merged-profile.ts';
import type { StoredSeries, StoreQuery, TimelineGroup, TimelineQuery } from '../profile-store.ts';
import type { Measure } from '../series-table.ts';
import { createTimelineSums } from '../timeline-sums.ts';
import { type ColumnKind, type Columns, readColumns } from './columns.ts';

/** What a read reads from. */
export interface Source {
  readonly connection: DuckDBConnection;
  readonly dictionary: Dictionary;
  readonly signal: AbortSignal;
}

/** Series with rows in the range, sorted by type and labels. */
export async function readSeries(source: Source, query: StoreQuery): Promise<StoredSeries[]> {
  const windows = await sumWindows(source, query);
  const found = new Map<string, StoredSeries>();
  for (const { measure } of windows) {
    const { type, labels } = measure;
    found.set(`${profileTypeId(type)} ${labelsKey(labels)}`, { type, labels });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
}

/** Values by bucket and group, from what windows add up to. */
export async function readTimeline(
  source: Source,
  query: TimelineQuery,
): Promise<readonly TimelineGroup[]> {
  const sums = createTimelineSums(query);
  const where = whereOf(query, source.dictionary.series.select(query));
  if (where === undefined) return sums.finish();
  const [series, bucket, total] = await read(
    source,
    `SELECT series, floor((t - ${double(query.fromMs)}) / ${double(query.stepMs)})::INTEGER AS bucket, sum(total)
     FROM windows WHERE ${where} GROUP BY ALL`,
    ['int32', 'int32', 'float64'],
  );
  for (const [row, id] of series.entries()) {
    const labels = source.dictionary.series.rows[id]?.labels ?? [];
    sums.add(labels, bucket[row] ?? 0, total[row] ?? 0);
  }
  return sums.finish();
}

/** Values by stack, and the profile of the stacks they are of. */
export async function readMerge(source: Source, query: StoreQuery): Promise<Profile> {
  // One transaction, so that the counts of quality are of the very samples that are summed.
  await source.connection.run('BEGIN TRANSACTION READ ONLY');
  const types: MergedType[] = [];
  const windows = await sumWindows(source, query);
  for (const ofType of Map.groupBy(windows, ({ measure }) =>
    profileTypeId(measure.type),
  ).values()) {
    types.push(...(await mergeType(source, query, ofType)));
  }
  await source.connection.run('COMMIT');
  return mergedProfile(source.dictionary, types, query);
}

/** What the windows of one stored series add up to. */
interface SeriesSums extends QualityCounts<number> {
  readonly id: number;
  readonly measure: Measure;
  readonly rows: number;
}

async function sumWindows(source: Source, query: StoreQuery): Promise<SeriesSums[]> {
  const { series } = source.dictionary;
  const where = whereOf(query, series.select(query));
  if (where === undefined) return [];
  const [ids, rows, ...counts] = await read(
    source,
    `SELECT series, sum(row_count)::DOUBLE, ${QUALITY_COUNTS.map((name) => `sum(${name})`).join()}
     FROM windows WHERE ${where} GROUP BY series ORDER BY series`,
    ['int32', 'float64', ...QUALITY_COUNTS.map(() => 'float64' as const)],
  );
  return Array.from(ids.entries()).flatMap(([row, id]) => {
    const measure = series.rows[id];
    if (!measure) return [];
    return {
      id,
      measure,
      rows: rows[row] ?? 0,
      ...qualityCounts((name) => counts[QUALITY_COUNTS.indexOf(name)]?.[row] ?? 0),
    };
  });
}

async function mergeType(
  source: Source,
  query: StoreQuery,
  series: readonly SeriesSums[],
): Promise<MergedType[]> {
  const sum = (of: (each: SeriesSums) => number): number =>
    series.reduce((total, each) => total + of(each), 0);
  const [first] = series;
  if (!first) return [];
  const { type, period } = first.measure;
  const [stack, value] = await sumStacks(source, query, series);
  return [
    {
      type,
      period: series.every(({ measure }) => measure.period === period) ? period : 0,
      quality: qualityCounts((name) => sum((each) => each[name])),
      stack,
      value,
    },
  ];
}

/** Series whose values are stored with one scale are summed together, then the sums of the scales. */
async function sumStacks(
  source: Source,
  query: StoreQuery,
  series: readonly SeriesSums[],
): Promise<Columns<['int32', 'float64']>> {
  const withRows = series.filter(({ rows }) => rows > 0);
  const parts = [...Map.groupBy(withRows, ({ measure }) => measure.scale)].map(
    ([scale, ofScale]) =>
      `SELECT stack, sum(value) * ${double(scale)} AS value FROM samples
       WHERE ${whereOf(
         query,
         ofScale.map(({ id }) => id),
       )} GROUP BY stack`,
  );
  const [only, ...others] = parts;
  if (only === undefined) return [new Int32Array(), new Float64Array()];
  const rows = withRows.reduce((total, each) => total + each.rows, 0);
  await preferArrays(source, rows);
  const sql =
    others.length === 0
      ? only
      : `SELECT stack, sum(value) FROM (${parts.join(' UNION ALL ')}) GROUP BY stack`;
  return read(source, sql, ['int32', 'float64']);
}

/**
 * Lets DuckDB group by stack in an array instead of a hash table, where the rows are so many that
 * an array of all stacks pays: four times as fast at 12.5 M rows of 350 k stacks.
 */
async function preferArrays({ connection, dictionary }: Source, rows: number): Promise<void> {
  const bits = 33 - Math.clz32(dictionary.stacks.length);
  const pays = rows * 2 >= dictionary.stacks.length && bits <= 24;
  await connection.run(`SET perfect_ht_threshold = ${pays ? Math.max(bits, 12) : 12}`);
}

/** The condition on a table's `t` and `series`; absent where no row can hold it. */
function whereOf({ fromMs, toMs }: StoreQuery, series: readonly number[]): string | undefined {
  const [first] = series;
  const last = series.at(-1);
  if (first === undefined || last === undefined || !(fromMs < toMs)) return undefined;
  // Of ids without a gap the bounds say it all, which is quicker to parse and to test.
  const ids =
    last - first + 1 === series.length
      ? `series BETWEEN ${first} AND ${last}`
      : `series IN (${series.join()})`;
  const from = Number.isFinite(fromMs) ? [`t >= ${BigInt(Math.ceil(fromMs))}`] : [];
  const to = Number.isFinite(toMs) ? [`t < ${BigInt(Math.ceil(toMs))}`] : [];
  return [...from, ...to, ids].join(' AND ');
}

/** A number as SQL; as text, since a bare one would be read as a decimal and rounded. */
function double(value: number): string {
  return `'${value}'::DOUBLE`;
}

async function read<const Kinds extends readonly ColumnKind[]>(
  { connection, signal }: Source,
  sql: string,
  kinds: Kinds,
): Promise<Columns<Kinds>> {
  // An interrupt reaches only a query that runs: between two, the signal has to be asked.
  throwIfCanceled(signal);
  return readColumns(connection, sql, kinds);
}
