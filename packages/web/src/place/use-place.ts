import { useEffect, useState } from 'preact/hooks';
import type { Place } from './place.ts';
import type { PlaceStore } from './place-store.ts';

/** The place now, and again after each change. */
export function usePlace(store: PlaceStore): Place {
  const [place, setPlace] = useState(store.get());
  useEffect(() => store.subscribe(() => setPlace(store.get())), [store]);
  return place;
}
