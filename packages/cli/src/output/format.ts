/** Ways to write a profile. The first two are for people, the rest for tools. */
export const FORMATS = ['flame', 'top', 'folded', 'speedscope', 'pprof', 'svg', 'json'] as const;

export type Format = (typeof FORMATS)[number];

const ENDINGS: Readonly<Record<string, Format>> = {
  '.svg': 'svg',
  '.folded': 'folded',
  '.folded.txt': 'folded',
  '.speedscope.json': 'speedscope',
  '.json': 'json',
  '.pb.gz': 'pprof',
  '.pprof': 'pprof',
};

/** The format that the name of a file means; the longest ending decides. */
export function formatOf(path: string): Format | undefined {
  const [ending] = Object.keys(ENDINGS)
    .filter((candidate) => path.endsWith(candidate))
    .sort((a, b) => b.length - a.length);
  return ending === undefined ? undefined : ENDINGS[ending];
}
