import { clipped, printable } from './printable.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: Row) => string;
}

/** Rows as lines of aligned text under their heads; the last column is cut at `width`. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): string[] {
  const cells = [
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map(({ cell }) => printable(cell(row)))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells.map((line) => {
    const padded = line.map((text, at) => {
      if (columns[at]?.align === 'right') return text.padStart(widths[at] ?? 0);
      return at === line.length - 1 ? text : text.padEnd(widths[at] ?? 0);
    });
    return clipped(padded.join('  ').trimEnd(), width);
  });
}
