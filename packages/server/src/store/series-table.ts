import {
  type Labels,
  labelsOf,
  matches,
  NONE,
  type ProfileType,
  profileTypeId,
} from '@kube-eagle/profile';
import type { StoreQuery } from './profile-store.ts';

/** A series as it is stored. Equal labels and types with another period or scale are another one. */
export interface Measure {
  readonly type: ProfileType;
  readonly labels: Labels;
  /** Events between two samples, in the type's period unit; 0 where unknown. */
  readonly period: number;
  /** Stored values are to be multiplied by this. */
  readonly scale: number;
}

/** Numbers series in the order they are first seen. */
export interface SeriesTable {
  readonly rows: readonly Measure[];
  readonly maxRows: number;
  /** Series that were not taken for want of room. */
  readonly refused: number;
  /** The row of the series, the next one if it is new; -1 where the table is full. */
  intern(measure: Measure): number;
  /** Rows of the type whose labels match. */
  select(query: Pick<StoreQuery, 'type' | 'matchers'>): number[];
}

/** An empty table of at most `maxRows` series. */
export function createSeriesTable(maxRows: number): SeriesTable {
  const rows: Measure[] = [];
  const typeIds: string[] = [];
  const rowOf = new Map<string, number>();
  let refused = 0;
  return {
    rows,
    maxRows,
    get refused() {
      return refused;
    },
    intern(measure) {
      const typeId = profileTypeId(measure.type);
      const labels = formatStoredLabels(measure.labels);
      const key = JSON.stringify([typeId, labels, measure.period, measure.scale]);
      const known = rowOf.get(key);
      if (known !== undefined) return known;
      if (rows.length >= maxRows) {
        refused++;
        return NONE;
      }
      rowOf.set(key, rows.length);
      typeIds.push(typeId);
      return rows.push({ ...measure, labels: parseStoredLabels(labels) }) - 1;
    },
    select({ type, matchers }) {
      const typeId = type && profileTypeId(type);
      const selected: number[] = [];
      for (const [row, { labels }] of rows.entries()) {
        if (typeId !== undefined && typeIds[row] !== typeId) continue;
        if (matches(labels, matchers)) selected.push(row);
      }
      return selected;
    },
  };
}

/** Labels as a JSON object, which any database can look into. */
export function formatStoredLabels(labels: Labels): string {
  return JSON.stringify(Object.fromEntries(labels.map(({ name, value }) => [name, value])));
}

/** The labels of {@link formatStoredLabels}. */
export function parseStoredLabels(text: string): Labels {
  return labelsOf(Object.entries(JSON.parse(text) as Record<string, string>));
}
