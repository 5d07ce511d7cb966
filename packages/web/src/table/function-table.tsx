import type { TopFunction, TopResponse } from '@kube-eagle/api';
import { formatShare, formatValue } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { exactly, type Term } from '../flame/search.ts';
import type { Place } from '../place/place.ts';
import { sortFunctions } from './sort-functions.ts';

interface FunctionTableProps {
  readonly top: TopResponse;
  readonly term: Term | undefined;
  readonly place: Place;
  readonly go: (change: Partial<Place>) => void;
}

const COLUMNS = [
  ['name', 'Function'],
  ['self', 'Self'],
  ['total', 'Total'],
] as const;

/** The functions with the most of the value. A click searches for one in the graph. */
export function FunctionTable({ top, term, place, go }: FunctionTableProps): JSX.Element {
  const shown = useMemo(
    () => sortFunctions(top.functions, place, term),
    [top, term, place.sort, place.ascending],
  );
  const largest = shown.reduce((most, one) => Math.max(most, one.total), 0);
  return (
    <div class="table-scroll">
      <table class="functions">
        <thead>
          <tr>
            {COLUMNS.map(([column, name]) => (
              <th
                key={column}
                class={column}
                aria-sort={
                  place.sort !== column ? 'none' : place.ascending ? 'ascending' : 'descending'
                }
              >
                <button type="button" onClick={() => go(sortedBy(place, column))}>
                  {name}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <FunctionRow key={`${one.name}\0${one.file}`} {...{ one, top, largest, place, go }} />
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p class="hint pad">No function matches the search.</p>}
      {top.leftOut > 0 && (
        <p class="hint pad">
          {top.leftOut} smaller functions are not listed: narrow the filter or the time to see them.
        </p>
      )}
    </div>
  );
}

interface FunctionRowProps {
  readonly one: TopFunction;
  readonly top: TopResponse;
  /** The largest total of all rows: its bar is full. */
  readonly largest: number;
  readonly place: Place;
  readonly go: (change: Partial<Place>) => void;
}

function FunctionRow({ one, top, largest, place, go }: FunctionRowProps): JSX.Element {
  const search = exactly(one.name);
  const isSearched = place.search === search;
  return (
    <tr class={isSearched ? 'searched' : ''}>
      <td class="name">
        <button
          type="button"
          title={one.file === '' ? one.name : `${one.name}\n${one.file}`}
          onClick={() =>
            go({
              search: isSearched ? '' : search,
              view: place.view === 'table' ? 'both' : place.view,
            })
          }
        >
          {one.name}
        </button>
      </td>
      <ValueCell value={one.self} {...{ top, largest }} />
      <ValueCell value={one.total} {...{ top, largest }} />
    </tr>
  );
}

interface ValueCellProps {
  readonly value: number;
  readonly top: TopResponse;
  readonly largest: number;
}

function ValueCell({ value, top, largest }: ValueCellProps): JSX.Element {
  return (
    <td class="value">
      <meter class="bar" min={0} max={Math.max(largest, 1)} value={value} aria-hidden="true" />
      <span>{formatValue(value, top.unit)}</span>
      <span class="share">{formatShare(value, top.total)}</span>
    </td>
  );
}

function sortedBy(place: Place, sort: Place['sort']): Partial<Place> {
  return { sort, ascending: place.sort === sort ? !place.ascending : sort === 'name' };
}
