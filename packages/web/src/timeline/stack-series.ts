/** Columns for uPlot: the instants of buckets, then each group's sum on top of those before it. */
export interface StackedSeries {
  /** Begin of each bucket in seconds since the epoch, as uPlot has it. */
  readonly timeS: number[];
  readonly tops: number[][];
}

/** Puts groups on top of each other, in the order given; `scale` multiplies every value. */
export function stackSeries(
  startMs: number,
  stepMs: number,
  groups: readonly (readonly number[])[],
  scale: number,
): StackedSeries {
  const length = groups[0]?.length ?? 0;
  const timeS = Array.from({ length }, (_, bucket) => (startMs + bucket * stepMs) / 1_000);
  const below = new Float64Array(length);
  const tops = groups.map((values) =>
    values.map((value, bucket) => {
      const top = (below[bucket] ?? 0) + value * scale;
      below[bucket] = top;
      return top;
    }),
  );
  return { timeS, tops };
}

/** What a timeline's axis shows of a unit. */
export interface AxisUnit {
  /** Multiplies the sum of a bucket. */
  readonly scale: number;
  readonly name: string;
}

/** Time over time is a number of cores (or of whatever waited); other sums stand as they are. */
export function axisUnit(unit: string, stepMs: number): AxisUnit {
  if (unit === 'nanoseconds' && stepMs > 0) return { scale: 1 / (stepMs * 1e6), name: 'cores' };
  return { scale: 1, name: unit };
}
