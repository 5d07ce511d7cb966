import {
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  INTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';

type NumberColumn = Int32Array | Float64Array | Uint8Array;

/** A column on its way to a table. The database casts it to the type the table has there. */
export type StoredColumn = NumberColumn | readonly string[];

/** Rows that DuckDB takes and gives at a time. */
const CHUNK_ROWS: number = bindings.vector_size();

/** Rows of a table on their way there. */
export interface StoredRows {
  readonly length: number;
  /** In the order of the table, `length` rows each. */
  readonly columns: readonly StoredColumn[];
}

/** Appends rows to a table, in the transaction that is open. All parts have columns of one kind. */
export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  parts: readonly StoredRows[],
): Promise<void> {
  const filled = parts.filter(({ length }) => length > 0);
  if (filled.length === 0) return;
  const appender = await connection.createAppender(table);
  try {
    for (const part of filled) appendChunks(appender, part);
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function appendChunks(appender: DuckDBAppender, { length, columns }: StoredRows): void {
  const types = columns.map(typeOf);
  for (let begin = 0; begin < length; begin += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, length - begin);
    const chunk = DuckDBDataChunk.create(types, rows);
    for (const [index, column] of columns.entries()) {
      if (ArrayBuffer.isView(column)) copyNumbers(chunk, index, column.subarray(begin));
      else chunk.setColumnValues(index, column.slice(begin, begin + rows));
    }
    appender.appendDataChunk(chunk);
  }
}

function typeOf(column: StoredColumn): DuckDBType {
  if (column instanceof Int32Array) return INTEGER;
  if (column instanceof Float64Array) return DOUBLE;
  if (column instanceof Uint8Array) return UTINYINT;
  return VARCHAR;
}

function copyNumbers(chunk: DuckDBDataChunk, index: number, column: NumberColumn): void {
  const vector = bindings.data_chunk_get_vector(chunk.chunk, index);
  bindings.copy_data_to_vector(
    vector,
    0,
    column.buffer as ArrayBuffer,
    column.byteOffset,
    chunk.rowCount * column.BYTES_PER_ELEMENT,
  );
}

/** What a query may give in a column: INTEGER, DOUBLE or VARCHAR, never NULL. */
export type ColumnKind = 'int32' | 'float64' | 'text';

type ColumnOf<K extends ColumnKind> = K extends 'int32'
  ? Int32Array
  : K extends 'float64'
    ? Float64Array
    : string[];

/** Columns of the kinds told, in their order. */
export type Columns<Kinds extends readonly ColumnKind[]> = {
  -readonly [Index in keyof Kinds]: ColumnOf<Kinds[Index]>;
};

/** All rows of a query by columns, whose kinds are told in the order of the query. */
export async function readColumns<const Kinds extends readonly ColumnKind[]>(
  connection: DuckDBConnection,
  sql: string,
  kinds: Kinds,
): Promise<Columns<Kinds>> {
  const result = await connection.run(sql);
  const chunks = await result.fetchAllChunks();
  const length = chunks.reduce((rows, chunk) => rows + chunk.rowCount, 0);
  const columns = kinds.map((kind, index) => {
    if (kind === 'text') return chunks.flatMap((chunk) => chunk.getColumnValues(index) as string[]);
    const column = kind === 'int32' ? new Int32Array(length) : new Float64Array(length);
    let begin = 0;
    for (const chunk of chunks) {
      const sizeBytes = chunk.rowCount * column.BYTES_PER_ELEMENT;
      const vector = bindings.data_chunk_get_vector(chunk.chunk, index);
      const bytes = bindings.vector_get_data(vector, sizeBytes);
      new Uint8Array(column.buffer).set(bytes, begin * column.BYTES_PER_ELEMENT);
      begin += chunk.rowCount;
    }
    return column;
  });
  return columns as Columns<Kinds>;
}
