import { readSync } from 'node:fs';

/** PERF_FORMAT_TOTAL_TIME_ENABLED: what an event that is watched must be opened to read. */
export const TIME_ENABLED = 1;

/** The count, then the time so far. */
const READING_BYTES = 16;

/**
 * Tells, at each call, whether the perf event of a CPU has ticked since the one before: a CPU that
 * goes takes its events with it for good, even where it is back before anybody looks.
 */
export function createTickWatch(fd: number): () => boolean {
  let enabledNs = -1n;
  return () => {
    const reading = Buffer.alloc(READING_BYTES);
    const before = enabledNs;
    enabledNs = readSync(fd, reading) === READING_BYTES ? reading.readBigUInt64LE(8) : before;
    return enabledNs > before;
  };
}
