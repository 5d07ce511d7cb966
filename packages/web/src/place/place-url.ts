import { DEFAULT_PLACE, type Place, REFRESHES } from './place.ts';

/** A part of a place in the query of a URL. */
interface Part {
  /** Values of the parameter; none where the place has the default. */
  write(place: Place): readonly string[];
  /** What the values say; nothing where they say nothing known. */
  read(values: readonly string[]): Partial<Place>;
}

type TextKey = 'profileType' | 'selector' | 'from' | 'to' | 'groupBy' | 'search';
type WordKey = 'view' | 'order' | 'growth' | 'theme';

function text(key: TextKey): Part {
  return {
    write: (place) => (place[key] === DEFAULT_PLACE[key] ? [] : [place[key]]),
    read: ([value]) => (value === undefined ? {} : { [key]: value }),
  };
}

function word<K extends WordKey>(key: K, words: readonly Place[K][]): Part {
  return {
    write: (place) => (place[key] === DEFAULT_PLACE[key] ? [] : [place[key]]),
    read: ([value]) => {
      const known = words.find((one) => one === value);
      return known === undefined ? {} : { [key]: known };
    },
  };
}

const SORTS = ['self', 'total', 'name'] as const;

const sort: Part = {
  write: (place) =>
    place.sort === DEFAULT_PLACE.sort && place.ascending === DEFAULT_PLACE.ascending
      ? []
      : [`${place.ascending ? '' : '-'}${place.sort}`],
  read: ([value = '']) => {
    const known = SORTS.find((one) => one === value.replace(/^-/, ''));
    return known === undefined ? {} : { sort: known, ascending: !value.startsWith('-') };
  },
};

const refresh: Part = {
  write: ({ refreshMs }) => (refreshMs === 0 ? [] : [String(refreshMs / 1_000)]),
  read: ([value]) => {
    const refreshMs = Number(value) * 1_000;
    return REFRESHES.includes(refreshMs) ? { refreshMs } : {};
  },
};

const zoom: Part = {
  write: (place) => place.zoom,
  read: (values) => ({ zoom: values }),
};

const PARTS: Readonly<Record<string, Part>> = {
  type: text('profileType'),
  q: text('selector'),
  from: text('from'),
  to: text('to'),
  by: text('groupBy'),
  view: word('view', ['graph', 'table', 'both']),
  order: word('order', ['callees', 'callers']),
  growth: word('growth', ['icicle', 'flame']),
  search: text('search'),
  sort,
  theme: word('theme', ['auto', 'light', 'dark']),
  refresh,
  zoom,
};

/** The query of a URL for a place, `''` for the default one: only what differs from it. */
export function queryOf(place: Place): string {
  const query = new URLSearchParams();
  for (const [name, part] of Object.entries(PARTS)) {
    for (const value of part.write(place)) query.append(name, value);
  }
  const written = query.toString();
  return written === '' ? '' : `?${written}`;
}

/** The place of a query; what it does not say, or says wrongly, is as by default. */
export function placeOf(query: string): Place {
  const values = new URLSearchParams(query);
  const said = Object.entries(PARTS).map(([name, part]) => part.read(values.getAll(name)));
  return Object.assign({}, DEFAULT_PLACE, ...said);
}
