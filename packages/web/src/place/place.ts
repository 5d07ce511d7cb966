/** Which way a tree grows: from callers to what they call, or from functions to their callers. */
export type Order = 'callees' | 'callers';

/** Everything that the page shows is decided by this one value, and the address bar holds it. */
export interface Place {
  /** Id of a profile type; `''` lets the page choose. */
  readonly profileType: string;
  /** Which series, as typed. */
  readonly selector: string;
  /** Begin and end as typed: `now-1h`, an ISO time, ms since the epoch. */
  readonly from: string;
  readonly to: string;
  /** Label that the timeline is split by; `''` for one sum. */
  readonly groupBy: string;
  readonly view: 'graph' | 'table' | 'both';
  readonly order: Order;
  /** Icicles hang from the root, flames stand on it. */
  readonly growth: 'icicle' | 'flame';
  /** Function names from below the root to the one that fills the width. */
  readonly zoom: readonly string[];
  /** A regular expression. */
  readonly search: string;
  readonly sort: 'self' | 'total' | 'name';
  readonly ascending: boolean;
  readonly theme: 'auto' | 'light' | 'dark';
  /** Ask again every so often; 0 for never. */
  readonly refreshMs: number;
}

export const DEFAULT_PLACE: Place = {
  profileType: '',
  selector: '',
  from: 'now-1h',
  to: 'now',
  groupBy: 'service_name',
  view: 'both',
  order: 'callees',
  growth: 'icicle',
  zoom: [],
  search: '',
  sort: 'self',
  ascending: false,
  theme: 'auto',
  refreshMs: 0,
};

/** How often the page can ask again, in ms. */
export const REFRESHES: readonly number[] = [0, 10_000, 60_000];

/** The way from a place to one that shows other data: what was zoomed to may not be there. */
export function elsewhere(change: Partial<Place>): Partial<Place> {
  return { zoom: [], ...change };
}
