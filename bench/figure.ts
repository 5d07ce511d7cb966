/** One measured thing, as RESULTS.md shows it. */
export interface Figure {
  /** What was measured, with the size of the work. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The budget of ARCHITECTURE.md in words, e.g. `≤ 50`; absent where there is none. */
  readonly budget?: string;
  /** Whether the value is within it. */
  readonly within?: boolean;
}

/** A file of this folder gives its figures, one after another, through a function of this shape. */
export type Bench = () => AsyncIterable<Figure>;

/** A figure with a budget that it must not exceed. */
export function atMost(budget: number, figure: Figure): Figure {
  return { ...figure, budget: `≤ ${budget}`, within: figure.value <= budget };
}

/** The middle of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
