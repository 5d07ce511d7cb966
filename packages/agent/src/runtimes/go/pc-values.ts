/** Bytes of a table of values, and how its addresses advance. */
export interface PcValues {
  readonly bytes: Uint8Array;
  /** See `Pclntab`. */
  readonly quantum: number;
}

/** A value, and up to which offset from the start of its function it holds. */
export interface PcValue {
  readonly value: number;
  readonly end: number;
}

/**
 * Runs through a table of values by address: pairs of variable-length numbers, by how much the value
 * changes and for how long it holds, to a zero (Go 1.2 Runtime Symbol Information, "pc-value tables").
 * Calls `visit` with each until that returns true or the table ends. False if the bytes end before the table does.
 */
export function eachPcValue(
  { bytes, quantum }: PcValues,
  visit: (value: PcValue) => boolean,
): boolean {
  let at = 0;
  let isCut = false;
  function number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    isCut = true;
    return 0;
  }
  let value = -1;
  let end = 0;
  for (let isFirst = true; ; isFirst = false) {
    const change = number();
    if (isCut) return false;
    if (change === 0 && !isFirst) return true;
    value += change % 2 === 1 ? -(change + 1) / 2 : change / 2;
    end += number() * quantum;
    if (isCut) return false;
    if (visit({ value, end })) return true;
  }
}
