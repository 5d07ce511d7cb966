/** Numbers pairs of 32-bit integers in the order they are first seen: 0, 1, 2, … */
export interface PairTable {
  readonly length: number;
  /** The number of the pair, the next one if it is new. */
  intern(a: number, b: number): number;
}

/**
 * Open addressing with linear probing; the hash is Fibonacci's (Knuth, TAOCP 3, 6.4). Grows as it
 * must; a table that is told how many pairs to expect need not.
 */
export function createPairTable(expected = 0): PairTable {
  let capacity = 256;
  while (capacity <= expected * 2) capacity *= 2;
  let slots = new Int32Array(capacity).fill(-1);
  let firsts = new Int32Array(capacity / 2);
  let seconds = new Int32Array(capacity / 2);
  let length = 0;

  const slotOf = (a: number, b: number): number =>
    ((Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 7) & (capacity - 1);

  function grow(): void {
    capacity *= 2;
    slots = new Int32Array(capacity).fill(-1);
    const olderFirsts = firsts;
    const olderSeconds = seconds;
    firsts = new Int32Array(capacity / 2);
    firsts.set(olderFirsts);
    seconds = new Int32Array(capacity / 2);
    seconds.set(olderSeconds);
    for (let row = 0; row < length; row++) {
      let slot = slotOf(firsts[row] ?? 0, seconds[row] ?? 0);
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & (capacity - 1);
      slots[slot] = row;
    }
  }

  return {
    get length() {
      return length;
    },
    intern(a, b) {
      if (length * 2 >= capacity) grow();
      let slot = slotOf(a, b);
      for (;;) {
        const row = slots[slot] ?? -1;
        if (row < 0) break;
        if (firsts[row] === a && seconds[row] === b) return row;
        slot = (slot + 1) & (capacity - 1);
      }
      firsts[length] = a;
      seconds[length] = b;
      slots[slot] = length;
      return length++;
    },
  };
}
