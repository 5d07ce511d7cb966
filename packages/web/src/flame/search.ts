import type { CallTree, FlameLayout } from '@kube-eagle/profile';

/** What a search found. */
export interface Hits {
  /** By row in `names`: 1 where the name matches. */
  readonly name: Uint8Array;
  /** Hits before each place in the layout's `rows`: tells for any run of boxes whether one is in it. */
  readonly before: Int32Array;
  /** Value of the stacks with at least one hit. */
  readonly value: number;
  readonly rows: number;
}

/** How a search term is understood. */
export interface Term {
  readonly pattern: RegExp;
  /** False where the term was no regular expression and is looked for as it stands. */
  readonly isPattern: boolean;
}

/** A regular expression from what was typed; case counts once a capital letter is typed. */
export function termOf(text: string): Term | undefined {
  if (text === '') return undefined;
  const flags = /\p{Lu}/u.test(text.replace(/\\./gu, '')) ? 'u' : 'iu';
  try {
    return { pattern: new RegExp(text, flags), isPattern: true };
  } catch {
    return { pattern: new RegExp(escaped(text), flags), isPattern: false };
  }
}

/** A term that finds one name and no other. */
export function exactly(name: string): string {
  return `^${escaped(name)}$`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Searches each distinct name once, then counts. O(names + rows). */
export function searchFlame(layout: FlameLayout, { pattern }: Term): Hits {
  const { tree, rows } = layout;
  const name = Uint8Array.from(tree.names, (text) => (pattern.test(text) ? 1 : 0));
  // The root is no function, whatever it is called.
  const hit = (row: number): number => (row > 0 ? (name[tree.name[row] ?? 0] ?? 0) : 0);
  const before = new Int32Array(tree.length + 1);
  for (let index = 0; index < tree.length; index++) {
    before[index + 1] = (before[index] ?? 0) + hit(rows[index] ?? 0);
  }
  return { name, before, value: valueOfHits(tree, hit), rows: before[tree.length] ?? 0 };
}

/** Totals of the hits that are not below another hit. */
function valueOfHits(tree: CallTree, hit: (row: number) => number): number {
  const inside = new Uint8Array(tree.length);
  let value = 0;
  for (let row = 0; row < tree.length; row++) {
    const isBelow = inside[tree.parent[row] ?? -1] === 1;
    if (isBelow || hit(row) === 1) inside[row] = 1;
    if (!isBelow && inside[row] === 1) value += tree.total[row] ?? 0;
  }
  return value;
}
