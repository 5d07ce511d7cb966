import { distance } from 'fastest-levenshtein';

/** Of names that are compared; of more, the rest is not looked at. */
const MAX_NAMES = 10_000;

/**
 * Names that may have been meant by a word, the likeliest first, at most `count`: those that have it in
 * them, as `shop-web-1` has `web`, then those a few characters away from it.
 */
export function nearestNames(
  word: string,
  names: Iterable<string>,
  count: number,
): readonly string[] {
  const wanted = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  return [...new Set(names)]
    .slice(0, MAX_NAMES)
    .map((name) => [name, farness(wanted, name.toLowerCase())] as const)
    .filter(([, far]) => far <= most)
    .sort(([a, aFar], [b, bFar]) => aFar - bFar || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([name]) => name);
}

/** Letters that stand in another order, as typing makes them, are one mistake. */
function farness(wanted: string, name: string): number {
  if (wanted !== '' && name.includes(wanted)) return 0;
  return sorted(wanted) === sorted(name) ? 1 : distance(wanted, name);
}

const sorted = (text: string): string => [...text].sort((a, b) => (a < b ? -1 : 1)).join('');
