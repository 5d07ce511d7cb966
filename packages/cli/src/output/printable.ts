/**
 * Text that a terminal shows and does not obey: control characters, and marks that turn the order of
 * writing, become U+FFFD. Names come from whatever runs on a node.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** At most `width` characters, the end cut. */
export function clipped(text: string, width: number): string {
  if (text.length <= width) return text;
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}
