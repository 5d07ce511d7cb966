/** What one look at a kernel came to. */
export interface Check {
  /** What was looked at, in words: a row of the table. */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen: a cell. */
  readonly value: string;
}

/** A group of checks, run one after another. */
export type Suite = () => AsyncIterable<Check>;

/** What is written behind the last check, to tell a whole run from one that was cut. */
export const END = 'end';
