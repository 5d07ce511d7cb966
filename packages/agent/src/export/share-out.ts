/**
 * Splits a whole number in proportion to weights into whole numbers whose sum is it, by the largest
 * remainder (Hamilton's method). All zero where the weights are.
 */
export function shareOut(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum <= 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const shares = exact.map(Math.floor);
  const left = Math.round(total - shares.reduce((a, b) => a + b, 0));
  const byRemainder = [...exact.keys()].sort(
    (a, b) => (exact[b] ?? 0) - (shares[b] ?? 0) - ((exact[a] ?? 0) - (shares[a] ?? 0)) || a - b,
  );
  for (const row of byRemainder.slice(0, left)) shares[row] = (shares[row] ?? 0) + 1;
  return shares;
}
