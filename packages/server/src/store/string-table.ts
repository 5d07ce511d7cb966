import { NONE } from '@kube-eagle/profile';

/** Numbers texts in the order they are first seen; row 0 is the empty one. */
export interface StringTable {
  readonly rows: readonly string[];
  readonly maxUnits: number;
  /** Texts that were not taken for want of room. */
  readonly refused: number;
  /** The row of the text, the next one if it is new; -1 where there is no room for it. */
  intern(text: string): number;
}

/** A table for at most `maxUnits` UTF-16 units. Halves of surrogate pairs become U+FFFD. */
export function createStringTable(maxUnits: number): StringTable {
  const rows = [''];
  const rowOf = new Map([['', 0]]);
  let units = 0;
  let refused = 0;
  return {
    rows,
    maxUnits,
    get refused() {
      return refused;
    },
    intern(text) {
      const known = rowOf.get(text);
      if (known !== undefined) return known;
      // What the database gives back is well formed: a second text for one row would split it.
      const whole = text.toWellFormed();
      const knownWhole = rowOf.get(whole);
      if (knownWhole !== undefined) return knownWhole;
      if (units + whole.length > maxUnits) {
        refused++;
        return NONE;
      }
      units += whole.length;
      rowOf.set(whole, rows.length);
      return rows.push(whole) - 1;
    },
  };
}
