import { type Column, float64Column, int32Column, uint8Column } from './columns.ts';
import type { Frames, Functions, Mappings, Samples, Stacks } from './profile.ts';
import { type Quality, qualityCounts } from './quality.ts';

/** A table's columns while rows are still added; a row is pushed to every one of them. */
export type Growing<T> = {
  readonly [K in Exclude<keyof T, 'length'>]: T[K] extends Int32Array | Uint8Array | Float64Array
    ? Column<T[K]>
    : never;
};

/** A function's rows of `strings`, and its first line. */
export const growingFunctions = (): Growing<Functions> => ({
  name: int32Column(),
  file: int32Column(),
  startLine: int32Column(),
});

/** A mapping's rows of `strings`. */
export const growingMappings = (): Growing<Mappings> => ({
  file: int32Column(),
  buildId: int32Column(),
});

/** Frames; `kind` is an index in FRAME_KINDS. */
export const growingFrames = (): Growing<Frames> => ({
  function: int32Column(),
  mapping: int32Column(),
  address: float64Column(),
  line: int32Column(),
  kind: uint8Column(),
  inlined: uint8Column(),
});

/** Stacks; a parent comes before its children. */
export const growingStacks = (): Growing<Stacks> => ({
  parent: int32Column(),
  frame: int32Column(),
});

/** Samples: an instant, a series, a stack and a value. */
export const growingSamples = (): Growing<Samples> => ({
  timeMs: float64Column(),
  series: int32Column(),
  stack: int32Column(),
  value: float64Column(),
});

/** What a window of a series can be trusted for. */
export const growingQuality = (): Growing<Quality> => ({
  timeMs: float64Column(),
  series: int32Column(),
  ...qualityCounts(float64Column),
});

/** Appends a row to all columns. */
export function pushRow<N extends string>(
  growing: Readonly<Record<N, { push(value: number): void }>>,
  row: Readonly<Record<NoInfer<N>, number>>,
): void {
  for (const name in growing) growing[name].push(row[name]);
}

/** The table; its columns must not grow any more. */
export function finishTable<T>(growing: Growing<T>): T {
  const columns: [string, Column<Int32Array>][] = Object.entries(growing);
  const taken = Object.fromEntries(columns.map(([name, column]) => [name, column.take()]));
  return { ...taken, length: columns[0]?.[1].length ?? 0 } as T;
}
