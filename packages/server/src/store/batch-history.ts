/** Which batches were stored of late, so that one that is sent again is not stored again. */
export interface BatchHistory {
  readonly options: BatchHistoryOptions;
  /** Ids that were forgotten before their time, for want of room. */
  readonly forgotten: number;
  has(batchId: string): boolean;
  add(batchId: string, receivedMs: number): void;
}

export interface BatchHistoryOptions {
  readonly maxIds: number;
  /** How long an id is kept. */
  readonly keepMs: number;
}

/** A day of an agent's retries; at 8,640 windows a day and agent, that of thirty agents. */
export const BATCH_HISTORY: BatchHistoryOptions = { maxIds: 1 << 18, keepMs: 24 * 3600 * 1000 };

/** An empty history. */
export function createBatchHistory(options: BatchHistoryOptions): BatchHistory {
  // A Map gives its keys in the order they were added: the oldest first.
  const receivedMs = new Map<string, number>();
  let forgotten = 0;
  return {
    options,
    get forgotten() {
      return forgotten;
    },
    has: (batchId) => receivedMs.has(batchId),
    add(batchId, atMs) {
      receivedMs.set(batchId, atMs);
      for (const [oldest, oldestMs] of receivedMs) {
        const isOld = oldestMs < atMs - options.keepMs;
        if (!isOld && receivedMs.size <= options.maxIds) return;
        receivedMs.delete(oldest);
        if (!isOld) forgotten++;
      }
    },
  };
}
