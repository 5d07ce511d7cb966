import type { DuckDBConnection } from '@duckdb/node-api';
import { CPU, EagleError, parseProfileTypeId, profileTypeId } from '@kube-eagle/profile';
import { joinAddresses, splitAddresses } from '../address-halves.ts';
import { createDictionary, type Dictionary, type DictionaryLimits } from '../dictionary.ts';
import { formatStoredLabels, parseStoredLabels } from '../series-table.ts';
import type { TupleTable } from '../tuple-table.ts';
import {
  appendRows,
  type ColumnKind,
  type Columns,
  readColumns,
  type StoredColumn,
} from './columns.ts';

/** How many rows of each table are stored already. */
export type DictionarySize = Readonly<Record<keyof Dictionary, number>>;

/** How many rows each table has. */
export function dictionarySize(dictionary: Dictionary): DictionarySize {
  return {
    strings: dictionary.strings.rows.length,
    functions: dictionary.functions.length,
    mappings: dictionary.mappings.length,
    frames: dictionary.frames.length,
    stacks: dictionary.stacks.length,
    series: dictionary.series.rows.length,
  };
}

/** Appends the rows that are not stored yet, in the transaction that is open. */
export async function appendDictionary(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  stored: DictionarySize,
): Promise<void> {
  const strings = dictionary.strings.rows.slice(stored.strings);
  const series = dictionary.series.rows.slice(stored.series);
  const columns: Readonly<Record<keyof Dictionary, readonly StoredColumn[]>> = {
    strings: [strings],
    functions: newColumns(dictionary.functions, stored.functions),
    mappings: newColumns(dictionary.mappings, stored.mappings),
    frames: newFrames(dictionary.frames, stored.frames),
    stacks: newColumns(dictionary.stacks, stored.stacks),
    series: [
      series.map(({ type }) => profileTypeId(type)),
      series.map(({ labels }) => formatStoredLabels(labels)),
      Float64Array.from(series, ({ period }) => period),
      Float64Array.from(series, ({ scale }) => scale),
    ],
  };
  for (const [table, size] of Object.entries(dictionarySize(dictionary))) {
    const name = table as keyof Dictionary;
    const length = size - stored[name];
    const id = new Int32Array(length).map((_, row) => stored[name] + row);
    await appendRows(connection, name, [{ length, columns: [id, ...columns[name]] }]);
  }
}

function newColumn(
  { cells, width, length }: TupleTable,
  index: number,
  stored: number,
): Int32Array {
  const column = new Int32Array(length - stored);
  for (let row = 0; row < column.length; row++) {
    column[row] = cells[(stored + row) * width + index] ?? 0;
  }
  return column;
}

function newColumns(table: TupleTable, stored: number): Int32Array[] {
  return Array.from({ length: table.width }, (_, index) => newColumn(table, index, stored));
}

function newFrames(frames: TupleTable, stored: number): StoredColumn[] {
  const column = (index: number): Int32Array => newColumn(frames, index, stored);
  return [
    column(0),
    column(1),
    joinAddresses(column(2), column(3)),
    column(4),
    column(5),
    column(6),
  ];
}

/** Reads what {@link appendDictionary} wrote. Throws `data_loss` where rows are missing. */
export async function loadDictionary(
  connection: DuckDBConnection,
  limits: DictionaryLimits,
): Promise<Dictionary> {
  const dictionary = createDictionary(await atLeastStored(connection, limits));
  await loadStrings(connection, dictionary);
  for (const name of ['functions', 'mappings', 'stacks'] as const) {
    const table = dictionary[name];
    const columns = Array.from({ length: table.width }, () => 'int32' as const);
    loadTuples(name, table, await readTable(connection, name, columns));
  }
  const [id, fn, mapping, address, line, kind, inlined] = await readTable(connection, 'frames', [
    'int32',
    'int32',
    'float64',
    'int32',
    'int32',
    'int32',
  ]);
  const [low, high] = splitAddresses(address);
  loadTuples('frames', dictionary.frames, [id, fn, mapping, low, high, line, kind, inlined]);
  await loadSeries(connection, dictionary);
  return dictionary;
}

const COLUMNS: Readonly<Record<keyof Dictionary, string>> = {
  strings: 'text',
  functions: 'name, file, start_line',
  mappings: 'file, build_id',
  frames: 'function, mapping, address, line, kind::INTEGER, inlined::INTEGER',
  stacks: 'parent, frame',
  series: 'type, labels, period, scale',
};

/** A bound that was lowered does not make stored rows unreadable. */
async function atLeastStored(
  connection: DuckDBConnection,
  limits: DictionaryLimits,
): Promise<DictionaryLimits> {
  const names = Object.keys(limits) as (keyof Dictionary)[];
  const sizes = names.map((name) =>
    name === 'strings'
      ? '(SELECT coalesce(sum(2 * length(text)), 0)::DOUBLE FROM strings)'
      : `(SELECT count(*)::DOUBLE FROM ${name})`,
  );
  const columns = await readColumns(
    connection,
    `SELECT ${sizes.join()}`,
    names.map(() => 'float64' as const),
  );
  const most = names.map((name, index) => [name, Math.max(limits[name], columns[index]?.[0] ?? 0)]);
  return Object.fromEntries(most) as DictionaryLimits;
}

async function readTable<const Kinds extends readonly ColumnKind[]>(
  connection: DuckDBConnection,
  name: keyof Dictionary,
  kinds: Kinds,
): Promise<Columns<readonly ['int32', ...Kinds]>> {
  return readColumns(connection, `SELECT id, ${COLUMNS[name]} FROM ${name} ORDER BY id`, [
    'int32',
    ...kinds,
  ]);
}

async function loadStrings(connection: DuckDBConnection, dictionary: Dictionary): Promise<void> {
  const [id, text] = await readTable(connection, 'strings', ['text']);
  for (const [row, each] of text.entries()) {
    requireRow('strings', row, id[row], dictionary.strings.intern(each));
  }
}

async function loadSeries(connection: DuckDBConnection, dictionary: Dictionary): Promise<void> {
  const columns = await readTable(connection, 'series', ['text', 'text', 'float64', 'float64']);
  const [id, typeId, labels, period, scale] = columns;
  for (const [row, each] of labels.entries()) {
    const interned = dictionary.series.intern({
      type: parseProfileTypeId(typeId[row] ?? '') ?? CPU,
      labels: parseStoredLabels(each),
      period: period[row] ?? 0,
      scale: scale[row] ?? 1,
    });
    requireRow('series', row, id[row], interned);
  }
}

function loadTuples(
  name: keyof Dictionary,
  table: TupleTable,
  [id, ...columns]: readonly Int32Array[],
): void {
  const tuple = new Int32Array(table.width);
  for (let row = 0; row < (id?.length ?? 0); row++) {
    for (let index = 0; index < columns.length; index++) tuple[index] = columns[index]?.[row] ?? 0;
    requireRow(name, row, id?.[row], table.intern(tuple));
  }
}

function requireRow(name: string, row: number, id: number | undefined, interned: number): void {
  if (id === row && interned === row) return;
  throw new EagleError(
    'data_loss',
    `expected row ${row} of ${name}, got id ${id} that equals row ${interned}; ` +
      'restore the data directory from a backup, or move it away to begin anew',
  );
}
