import { EagleError, type ErrorCode, messageOf } from '@kube-eagle/profile';

/** What DuckDB says, what it means to a caller, and what to do. The first that matches holds. */
const MEANINGS: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [
    /Could not set lock|Conflicting lock/i,
    'failed_precondition',
    'another process has this data directory open; stop it, or give another directory',
  ],
  [
    /database file with version number|storage version/i,
    'failed_precondition',
    'a newer version wrote this data directory; run that version, or give another directory',
  ],
  [
    /not a valid DuckDB database|corrupt|checksum/i,
    'data_loss',
    'the data directory is damaged; restore it from a backup, or move it away to begin anew',
  ],
  [
    /out of memory/i,
    'resource_exhausted',
    'the store needs more memory than it may use; ask for less, or raise its limit',
  ],
];

/** An error of the database as one a caller can act on: `unavailable` unless it is known better. */
export function storeError(cause: unknown, dir: string): EagleError {
  if (cause instanceof EagleError) return cause;
  const message = messageOf(cause);
  const [, code, advice] = MEANINGS.find(([pattern]) => pattern.test(message)) ?? [];
  if (code) return new EagleError(code, `${dir}: ${advice} (${message})`, { cause });
  return new EagleError('unavailable', `the store in ${dir} could not be used: ${message}`, {
    cause,
    retryAfterMs: 1000,
  });
}
