/** Numbers pairs of 32-bit integers in the order they are first seen: 0, 1, 2, … */
export interface PairTable {
  readonly length: number;
  /** The number of the pair, the next one if it is new. */
  intern(a: number, b: number): number;
}

/** Integers a slot: the pair, its number plus one (0 marks an empty slot), one unused. */
const SLOT = 4;
const MIN_SLOTS = 256;

/**
 * Open addressing with linear probing, at most half full; the hash is Fibonacci's (Knuth, TAOCP 3,
 * 6.4). A slot holds all of its pair, so that a probe touches one cache line. `expected` pairs fit
 * without growing.
 */
export function createPairTable(expected = 0): PairTable {
  let slots = MIN_SLOTS;
  while (slots < expected * 2) slots *= 2;
  let table = new Int32Array(slots * SLOT);
  let length = 0;

  function grow(): void {
    const older = table;
    slots *= 2;
    table = new Int32Array(slots * SLOT);
    for (let at = 0; at < older.length; at += SLOT) {
      if (older[at + 2] === 0) continue;
      const a = older[at] ?? 0;
      const b = older[at + 1] ?? 0;
      let to = slotOf(a, b, slots);
      while (table[to + 2] !== 0) to = (to + SLOT) & (table.length - 1);
      table[to] = a;
      table[to + 1] = b;
      table[to + 2] = older[at + 2] ?? 0;
    }
  }

  return {
    get length() {
      return length;
    },
    intern(a, b) {
      if (length * 2 >= slots) grow();
      const end = table.length - 1;
      for (let at = slotOf(a, b, slots); ; at = (at + SLOT) & end) {
        const number = table[at + 2] ?? 0;
        if (number === 0) {
          table[at] = a;
          table[at + 1] = b;
          table[at + 2] = ++length;
          return length - 1;
        }
        if (table[at] === a && table[at + 1] === b) return number - 1;
      }
    },
  };
}

/** Where the search for a pair begins. */
function slotOf(a: number, b: number, slots: number): number {
  const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return ((Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 4) & (slots - 1)) * SLOT;
}
