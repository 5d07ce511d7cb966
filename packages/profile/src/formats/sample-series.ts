import { NONE } from '../model/profile.ts';
import type { ProfileType } from '../model/profile-type.ts';
import type { LabelEntry, Measures } from './measures.ts';

/** The series row of a sample's value by its place among the types; -1 where there is none. */
export type SeriesRows = (column: number) => number;

/** What the samples of one file or Profile message have in common. */
export interface SampleTypes {
  readonly types: readonly ProfileType[];
  readonly period: number;
}

/**
 * Gives the series of a sample by its labels. `key` stands for what a sample adds to them; the same
 * key has the same series, and labels are asked for once.
 */
export function createSampleSeries(
  { types, period }: SampleTypes,
  measures: Measures,
): (key: string, labels: () => readonly LabelEntry[]) => SeriesRows {
  const known = new Map<string, SeriesRows>();
  return (key, entries) => {
    const before = known.get(key);
    if (before) return before;
    const labels = measures.labels(entries());
    const rows: number[] = [];
    const found: SeriesRows = (column) => {
      const type = types[column];
      rows[column] ??= labels && type ? measures.series(labels, type, period) : NONE;
      return rows[column];
    };
    known.set(key, found);
    return found;
  };
}
