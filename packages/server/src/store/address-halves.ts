/** The bits of addresses as two columns of 32-bit integers, low and high. -0 is taken for 0. */
export function splitAddresses(addresses: Float64Array): readonly [Int32Array, Int32Array] {
  const halves = new Int32Array(addresses.map((address) => address + 0).buffer);
  const low = new Int32Array(addresses.length);
  const high = new Int32Array(addresses.length);
  for (let row = 0; row < addresses.length; row++) {
    low[row] = halves[row * 2] ?? 0;
    high[row] = halves[row * 2 + 1] ?? 0;
  }
  return [low, high];
}

/** The addresses of {@link splitAddresses}. */
export function joinAddresses(low: Int32Array, high: Int32Array): Float64Array {
  const halves = new Int32Array(low.length * 2);
  for (let row = 0; row < low.length; row++) {
    halves[row * 2] = low[row] ?? 0;
    halves[row * 2 + 1] = high[row] ?? 0;
  }
  return new Float64Array(halves.buffer);
}
