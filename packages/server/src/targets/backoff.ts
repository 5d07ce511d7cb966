const FIRST_MS = 800;
const LAST_MS = 30_000;
/** Longest that a server's own wish to be left alone is followed. */
const MAX_ASKED_MS = 120_000;

/** How long to wait before the next try. */
export interface Backoff {
  /**
   * Counts a failure and gives the wait after it: twice the last one up to a bound, of which the
   * upper half is by chance; never less than the server asked for, up to a bound.
   */
  failed(askedMs?: number): number;
  /** Begins anew, as something went well. */
  reset(): void;
  /** Failures since something last went well. */
  readonly failures: number;
}

export interface BackoffOptions {
  /** 0 to 1. */
  readonly random: () => number;
  readonly firstMs?: number;
  readonly lastMs?: number;
}

/** A backoff of 0.4–0.8 s at first and 15–30 s at last, unless set otherwise. */
export function createBackoff({
  random,
  firstMs = FIRST_MS,
  lastMs = LAST_MS,
}: BackoffOptions): Backoff {
  let failures = 0;
  return {
    failed(askedMs = 0) {
      const most = Math.min(lastMs, firstMs * 2 ** failures);
      failures++;
      return Math.max(most * (0.5 + random() / 2), Math.min(askedMs, MAX_ASKED_MS));
    },
    reset() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}
