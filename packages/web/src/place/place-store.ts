import type { Place } from './place.ts';
import { placeOf, queryOf } from './place-url.ts';

/** The address bar and its history, as much of them as a place needs. */
export interface AddressBar {
  /** The query of the URL now. */
  query(): string;
  /** Writes the query: as a new step that Back undoes, or in place of the present one. */
  write(query: string, how: 'push' | 'replace'): void;
  /** Tells when Back or Forward changed it. */
  onMove(listener: () => void): void;
}

/** The one state of the page, always the same as the address bar's. */
export interface PlaceStore {
  get(): Place;
  /** Changes some of it. What is typed letter by letter replaces, so that Back undoes whole words. */
  go(change: Partial<Place>, how?: 'push' | 'replace'): void;
  /** Tells of each change; gives the way to end that. */
  subscribe(listener: () => void): () => void;
}

/** The state that an address bar holds. */
export function createPlaceStore(bar: AddressBar): PlaceStore {
  let place = placeOf(bar.query());
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  bar.onMove(() => {
    place = placeOf(bar.query());
    tell();
  });
  return {
    get: () => place,
    go(change, how = 'push') {
      const next = { ...place, ...change };
      const query = queryOf(next);
      if (query === queryOf(place)) return;
      place = next;
      bar.write(query, how);
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
