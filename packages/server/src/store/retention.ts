import { setTimeout } from 'node:timers/promises';
import type { StoreUpkeep } from './profile-store.ts';

export interface RetentionOptions {
  /** How long rows are kept; 7 days if not given. */
  readonly retentionMs?: number;
  /** Between two rounds; 10 minutes if not given. */
  readonly everyMs?: number;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Told what a round came to: how many rows of samples it deleted, or why it could not. */
  readonly onRound: (round: RetentionRound) => void;
}

export type RetentionRound =
  | { readonly kind: 'deleted'; readonly rows: number }
  | { readonly kind: 'failed'; readonly error: unknown };

const DAY_MS = 24 * 3600 * 1000;

/**
 * Deletes what is older than it is to be kept, round after round until `signal` aborts. A round that
 * fails is told and tried again in the next.
 */
export async function runRetention(
  store: StoreUpkeep,
  { retentionMs = 7 * DAY_MS, everyMs = 600_000, now, onRound }: RetentionOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      onRound({ kind: 'deleted', rows: await store.expire(now() - retentionMs, signal) });
    } catch (error) {
      if (signal.aborted) return;
      onRound({ kind: 'failed', error });
    }
    await setTimeout(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
