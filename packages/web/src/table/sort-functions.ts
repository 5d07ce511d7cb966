import type { Term } from '../flame/search.ts';
import type { Place } from '../place/place.ts';

/** A row of the table, as much of it as decides where it stands. */
export interface Sortable {
  readonly name: string;
  readonly self: number;
  readonly total: number;
}

/** Those that match the search, in the order asked for; equal values by name. */
export function sortFunctions<T extends Sortable>(
  functions: readonly T[],
  { sort, ascending }: Pick<Place, 'sort' | 'ascending'>,
  term: Term | undefined,
): T[] {
  const sign = ascending ? 1 : -1;
  const byName = (a: T, b: T): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const compare = (a: T, b: T): number =>
    sort === 'name' ? sign * byName(a, b) : sign * (a[sort] - b[sort]) || byName(a, b);
  return functions.filter(({ name }) => term?.pattern.test(name) ?? true).sort(compare);
}
