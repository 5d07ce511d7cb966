import { NONE } from '@kube-eagle/profile';

/** Numbers tuples of 32-bit integers in the order they are first seen: 0, 1, 2, … */
export interface TupleTable {
  readonly length: number;
  /** Integers a tuple. */
  readonly width: number;
  /** Tuple after tuple; longer than `length` rows. Replaced when the table grows. */
  readonly cells: Int32Array;
  readonly maxRows: number;
  /** Tuples that were not taken for want of room. */
  readonly refused: number;
  /** The row of the tuple, the next one if it is new; -1 where the table is full. */
  intern(tuple: Int32Array): number;
}

/**
 * A table of at most `maxRows` tuples of `width` integers. Open addressing with linear probing over
 * at most half full slots; the hash is FNV-1a by words with a final mix.
 */
export function createTupleTable(width: number, maxRows: number): TupleTable {
  let capacity = 1024;
  let slots = new Int32Array(capacity).fill(NONE);
  let cells = new Int32Array((capacity / 2) * width);
  let length = 0;
  let refused = 0;
  /** The row that came last. A path is met in the order it was first met in, so often the next. */
  let last = NONE;

  function hash(of: Int32Array, begin: number): number {
    let mixed = 0x811c9dc5;
    for (let at = begin; at < begin + width; at++) {
      mixed = Math.imul(mixed ^ (of[at] ?? 0), 0x01000193);
      mixed ^= mixed >>> 15;
    }
    return Math.imul(mixed, 0x9e3779b1) >>> 4;
  }

  function equals(tuple: Int32Array, row: number): boolean {
    const begin = row * width;
    for (let at = 0; at < width; at++) {
      if (tuple[at] !== cells[begin + at]) return false;
    }
    return true;
  }

  /** Where the tuple is, or the empty slot where it belongs. */
  function slotOf(tuple: Int32Array): number {
    let slot = hash(tuple, 0) & (capacity - 1);
    for (;;) {
      const row = slots[slot] ?? NONE;
      if (row < 0 || equals(tuple, row)) return slot;
      slot = (slot + 1) & (capacity - 1);
    }
  }

  function grow(): void {
    capacity *= 2;
    const larger = new Int32Array((capacity / 2) * width);
    larger.set(cells);
    cells = larger;
    slots = new Int32Array(capacity).fill(NONE);
    for (let row = 0; row < length; row++) {
      let slot = hash(cells, row * width) & (capacity - 1);
      while ((slots[slot] ?? NONE) >= 0) slot = (slot + 1) & (capacity - 1);
      slots[slot] = row;
    }
  }

  return {
    width,
    maxRows,
    get length() {
      return length;
    },
    get cells() {
      return cells;
    },
    get refused() {
      return refused;
    },
    intern(tuple) {
      if (last + 1 < length && equals(tuple, last + 1)) return ++last;
      if (length * 2 >= capacity) grow();
      const slot = slotOf(tuple);
      const known = slots[slot] ?? NONE;
      if (known >= 0) {
        last = known;
        return known;
      }
      if (length >= maxRows) {
        refused++;
        return NONE;
      }
      slots[slot] = length;
      cells.set(tuple, length * width);
      last = length++;
      return last;
    },
  };
}
