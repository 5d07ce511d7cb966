/** Counts of stacks: how far samples can be trusted. */
export interface QualityCounts<Count> {
  /** Stacks taken and kept. */
  readonly taken: Count;
  /** Stacks that were due and are missing. Where only a host's loss is known, this series' share. */
  readonly lost: Count;
  /** Of those taken, the ones whose walk ended before the bottom. */
  readonly truncated: Count;
  /** Of those taken, the ones with at least one frame without a name. */
  readonly unsymbolized: Count;
  /**
   * Of those taken, the ones that came to the bottom by a frame pointer that need not have been one, for
   * want of an unwind table: frames may be missing.
   */
  readonly guessed: Count;
}

/** One row a window and series. */
export interface Quality extends QualityCounts<Float64Array> {
  readonly length: number;
  /** Begin of the window, ms since the epoch. */
  readonly timeMs: Float64Array;
  /** Row in `series`. */
  readonly series: Int32Array;
}

/** The names of the counts, in the order of the store's columns: new ones go last. */
export const QUALITY_COUNTS: readonly (keyof QualityCounts<unknown>)[] = [
  'taken',
  'lost',
  'truncated',
  'unsymbolized',
  'guessed',
];

/** Each count made by its name. */
export function qualityCounts<Count>(
  of: (name: keyof QualityCounts<unknown>) => Count,
): QualityCounts<Count> {
  return {
    taken: of('taken'),
    lost: of('lost'),
    truncated: of('truncated'),
    unsymbolized: of('unsymbolized'),
    guessed: of('guessed'),
  };
}
