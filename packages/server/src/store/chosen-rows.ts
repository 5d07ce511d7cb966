import { NONE } from '@kube-eagle/profile';
import type { TupleTable } from './tuple-table.ts';

/** Rows of a table being chosen. */
export interface RowChoice {
  /** Chooses a row; gives whether it was not chosen before. */
  add(row: number): boolean;
  finish(): ChosenRows;
}

/** Some rows of a table in their order. */
export interface ChosenRows {
  readonly length: number;
  /** Ascending. */
  readonly rows: Int32Array;
  /** Rows of the table as rows among the chosen; -1 stays. */
  renumber(column: Int32Array): Int32Array;
  /** A column of the chosen rows. */
  column(table: TupleTable, index: number): Int32Array;
}

/** No rows yet of a table of `length`. `finish()` ends it. O(length). */
export function chooseRows(length: number): RowChoice {
  const isChosen = new Uint8Array(length);
  let count = 0;
  return {
    add(row) {
      if (isChosen[row] === 1) return false;
      isChosen[row] = 1;
      count++;
      return true;
    },
    finish() {
      const rows = new Int32Array(count);
      const numberOf = new Int32Array(length);
      let number = 0;
      for (let row = 0; row < length; row++) {
        if (isChosen[row] !== 1) continue;
        numberOf[row] = number;
        rows[number++] = row;
      }
      return {
        length: count,
        rows,
        renumber: (column) => renumber(column, numberOf),
        column: (table, index) => columnOf(table, index, rows),
      };
    },
  };
}

// Loops instead of map(): these run over every stack of a flame graph.
function renumber(column: Int32Array, numberOf: Int32Array): Int32Array {
  const renumbered = new Int32Array(column.length);
  for (let at = 0; at < column.length; at++) {
    const row = column[at] ?? NONE;
    renumbered[at] = row < 0 ? NONE : (numberOf[row] ?? NONE);
  }
  return renumbered;
}

function columnOf({ cells, width }: TupleTable, index: number, rows: Int32Array): Int32Array {
  const column = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    column[at] = cells[(rows[at] ?? 0) * width + index] ?? NONE;
  }
  return column;
}

/** The rows that columns refer to; -1 refers to none. */
export function rowsOf(length: number, ...columns: readonly Int32Array[]): ChosenRows {
  const choice = chooseRows(length);
  for (const column of columns) {
    for (let at = 0; at < column.length; at++) {
      const row = column[at] ?? NONE;
      if (row >= 0) choice.add(row);
    }
  }
  return choice.finish();
}
