/** What a reader understood of outside bytes, and what it did not. A reader never throws for them. */
export interface Parsed<T> {
  readonly value: T;
  readonly problems: readonly string[];
}

/** A list of problems that stays short however bad the input is. */
export interface Problems {
  add(problem: string): void;
  /** The first ones, then a line that counts the rest. */
  list(): readonly string[];
}

/** Keeps the first `limit` problems and counts the others. */
export function createProblems(limit = 16): Problems {
  const kept: string[] = [];
  let dropped = 0;
  return {
    add(problem) {
      if (kept.length < limit) kept.push(problem);
      else dropped++;
    },
    list() {
      return dropped > 0 ? [...kept, `and ${dropped} more problems`] : kept;
    },
  };
}
