import { useMemo } from 'preact/hooks';
import { askTypes, type Chosen } from './load/answers.ts';
import { type Loaded, useLoad } from './load/use-load.ts';
import type { Page } from './page.ts';
import type { Place } from './place/place.ts';
import { type RangeRead, readRange } from './place/time-range.ts';

/** What a place chooses at a moment. */
export interface Choice {
  readonly read: RangeRead;
  readonly types: Loaded<readonly string[]>;
  /** Id; `''` while none is known. */
  readonly profileType: string;
  /** `undefined` while there is nothing to ask for. */
  readonly chosen: Chosen | undefined;
}

/** Reads the range, asks for the types that there are, and takes the first where none is named. */
export function useChosen({ client }: Page, place: Place, momentMs: number): Choice {
  const { from, to, selector } = place;
  const read = useMemo(() => readRange(from, to, momentMs), [from, to, momentMs]);
  const range = read.kind === 'range' ? read.range : undefined;
  const types = useLoad(range && JSON.stringify([selector, range]), async (signal) =>
    range ? askTypes(client, { selector, range }, signal) : [],
  );
  const profileType = place.profileType || (types.value?.[0] ?? '');
  const chosen = useMemo<Chosen | undefined>(
    () => (range && profileType ? { profileType, selector, range } : undefined),
    [profileType, selector, range],
  );
  return { read, types, profileType, chosen };
}
