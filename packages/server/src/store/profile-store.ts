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

/** A series with at least one row in the range. */
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
  /** Buckets begin at `fromMs` and are this wide. */
  readonly stepMs: number;
}

/**
 * History: rows of (time, series, stack, value) and the dictionaries they refer to. Drivers: DuckDB
 * and memory; both pass one conformance suite.
 */
export interface ProfileStore extends AsyncDisposable {
  /**
   * Resolves after commit. A batch id that was committed before is not stored again: `duplicate`.
   * Throws `unavailable` where it could not be written; then nothing of it is there.
   */
  append(batchId: string, profile: Profile, signal: AbortSignal): Promise<'stored' | 'duplicate'>;
  /** Series with rows in the range, sorted by type and labels. */
  series(query: StoreQuery, signal: AbortSignal): Promise<readonly StoredSeries[]>;
  /** Values summed by stack over all series and time: one series a type, without labels. */
  merge(query: StoreQuery, signal: AbortSignal): Promise<Profile>;
  timeline(query: TimelineQuery, signal: AbortSignal): Promise<readonly TimelineGroup[]>;
}
