/**
 * Why a stack is cut, and where: as its outermost frame, of kind `abort-marker`, so that it is in every
 * view and format, and merges like any other frame. `[truncated: no unwind table in libfoo.so]`.
 */
export const TRUNCATION_CAUSES = [
  'process gone',
  'no code',
  'unreadable stack',
  'too deep',
  'broken frame',
  'no unwind table',
  'no frame pointer',
  '32-bit program',
] as const;

export type TruncationCause = (typeof TRUNCATION_CAUSES)[number];

const PREFIX = '[truncated: ';

/** The frame's name; `place` is the file that stopped the walk, empty where none did. */
export function truncationName(cause: TruncationCause, place: string): string {
  return `${PREFIX}${place === '' ? cause : `${cause} in ${place}`}]`;
}

/** What a frame's name says in words, such as `no unwind table in libfoo.so`. */
export function truncationText(name: string): string {
  return name.startsWith(PREFIX) && name.endsWith(']') ? name.slice(PREFIX.length, -1) : name;
}

/** The cause in a frame's name; `undefined` for one that others made. */
export function truncationCause(name: string): TruncationCause | undefined {
  const text = truncationText(name);
  return TRUNCATION_CAUSES.find((cause) => text === cause || text.startsWith(`${cause} in `));
}
