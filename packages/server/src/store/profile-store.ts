import type { Labels, Matcher, Profile, ProfileType } from '@kube-eagle/profile';

/** What is asked for: series by type and labels, rows by time. */
export interface StoreQuery {
  /** Absent: every type. */
  readonly type?: ProfileType;
  /** All must hold. */
  readonly matchers: readonly Matcher[];
  /** First instant, ms since the epoch, included. */
  readonly fromMs: number;
  /** Last instant, excluded. */
  readonly toMs: number;
}

/** A series with at least one row, of samples or of quality, in the range. */
export interface StoredSeries {
  readonly type: ProfileType;
  readonly labels: Labels;
}

/** Sums of one group over time. */
export interface TimelineGroup {
  /** Values of the labels grouped by. */
  readonly labels: Labels;
  /** One a bucket. */
  readonly values: Float64Array;
}

export interface TimelineQuery extends StoreQuery {
  readonly groupBy: readonly string[];
  /** Buckets begin at `fromMs` and are this wide; at most 20,000 of them. */
  readonly stepMs: number;
}

/**
 * History: rows of (time, series, stack, value) and the dictionaries they refer to. Drivers: DuckDB
 * and memory; both pass one conformance suite. Times are kept in whole milliseconds. What waits
 * rejects with `canceled` when its signal aborts.
 */
export interface ProfileStore extends AsyncDisposable {
  /**
   * Resolves after commit. A batch id that was committed before is not stored again: `duplicate`.
   * Throws `invalid_argument` for a profile that is not sound, `resource_exhausted` where it brings
   * more series than the store may hold, `unavailable` where it could not be written. Then nothing
   * of it is there. After `canceled`, and where the disk fails for reads as well, it may be: the
   * same id, sent again, is stored or a duplicate.
   */
  append(batchId: string, profile: Profile, signal: AbortSignal): Promise<'stored' | 'duplicate'>;
  /** Series with rows in the range, sorted by type and labels. */
  series(query: StoreQuery, signal: AbortSignal): Promise<readonly StoredSeries[]>;
  /**
   * Values summed by stack over all series and time: one series a type, without labels; its period
   * is the one all share, else 0. `quality` has one row a type: the sums. The profile's begin and
   * length, and the time of its rows, are those of the range asked for.
   */
  merge(query: StoreQuery, signal: AbortSignal): Promise<Profile>;
  /** Values summed by bucket and group, sorted by labels. Groups without a row are left out. */
  timeline(query: TimelineQuery, signal: AbortSignal): Promise<readonly TimelineGroup[]>;
}

/** One bound of a store and how often it was hit since the store was opened. */
export interface StoreLimit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly hits: number;
}

/** What a store holds. */
export interface StoreStatus {
  readonly engine: 'duckdb' | 'memory';
  /** Rows of samples. */
  readonly rows: number;
  readonly series: number;
  readonly stacks: number;
  /** On disk; 0 in memory. */
  readonly sizeBytes: number;
  /** Begin of the oldest window, ms since the epoch; 0 while empty. */
  readonly oldestMs: number;
  /** Begin of the newest window; 0 while empty. */
  readonly newestMs: number;
  readonly limits: readonly StoreLimit[];
}

/** What an operator asks of a store, and what age asks of it. */
export interface StoreUpkeep {
  status(signal: AbortSignal): Promise<StoreStatus>;
  /** Deletes rows of windows that began before an instant. Gives how many rows of samples. */
  expire(beforeMs: number, signal: AbortSignal): Promise<number>;
}

/** A store as its driver opens it: each caller takes the half it wants. */
export interface Store extends ProfileStore, StoreUpkeep {}
