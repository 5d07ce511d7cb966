/** A typed array that grows. `take()` gives its rows and ends it. */
export interface Column<T extends Int32Array | Uint8Array | Float64Array> {
  readonly length: number;
  push(value: number): void;
  get(row: number): number;
  /** Adds `value` to a row's. */
  add(row: number, value: number): void;
  take(): T;
}

type TypedArray = Int32Array | Uint8Array | Float64Array;

function createColumn<T extends TypedArray>(allocate: (length: number) => T): Column<T> {
  let rows = allocate(64);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === rows.length) {
        const larger = allocate(length * 2);
        larger.set(rows);
        rows = larger;
      }
      rows[length++] = value;
    },
    get(row) {
      return rows[row] ?? 0;
    },
    add(row, value) {
      rows[row] = (rows[row] ?? 0) + value;
    },
    take() {
      return rows.slice(0, length) as T;
    },
  };
}

export function int32Column(): Column<Int32Array> {
  return createColumn((length) => new Int32Array(length));
}

export function uint8Column(): Column<Uint8Array> {
  return createColumn((length) => new Uint8Array(length));
}

export function float64Column(): Column<Float64Array> {
  return createColumn((length) => new Float64Array(length));
}
