import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';

/** Runs a query within the limits: how many at once, and for how long. */
export type QueryGate = <T>(
  kind: string,
  signal: AbortSignal,
  query: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/**
 * Throws `resource_exhausted` where too many run, `deadline_exceeded` where one takes too long,
 * `canceled` where whoever asked has left.
 */
export function createQueryGate(limits: Limits, { metrics }: Telemetry): QueryGate {
  let running = 0;
  return async (kind, signal, query) => {
    if (running >= limits.value('queries_at_once')) {
      limits.hit('queries_at_once');
      throw new EagleError(
        'resource_exhausted',
        `${running} queries are running: ask again in a moment`,
        { retryAfterMs: 1_000 },
      );
    }
    const timeoutMs = limits.value('query_timeout');
    const deadline = AbortSignal.timeout(timeoutMs);
    const end = metrics.querySeconds.startTimer({ kind });
    running++;
    try {
      return await query(AbortSignal.any([signal, deadline]));
    } catch (cause) {
      if (deadline.aborted) {
        limits.hit('query_timeout');
        throw new EagleError(
          'deadline_exceeded',
          `the query took more than ${timeoutMs} ms: ask for a shorter range or fewer series`,
          { cause },
        );
      }
      if (signal.aborted) throw new EagleError('canceled', 'whoever asked has left', { cause });
      throw cause;
    } finally {
      running--;
      end();
    }
  };
}
