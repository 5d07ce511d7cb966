const FIRST_MS = 500;

/**
 * Wait before try number `failures` + 1: exponential with full jitter, so that agents that lost
 * their server together do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffMs(failures: number, maxMs: number, random: () => number): number {
  return random() * Math.min(maxMs, FIRST_MS * 2 ** Math.min(failures, 20));
}

/**
 * Milliseconds that `Retry-After` asks for, as seconds or as a date (RFC 9110, 10.2.3), at most
 * `maxMs`; `undefined` where it says nothing that can be understood.
 */
export function retryAfterMs(
  header: string | undefined,
  nowMs: number,
  maxMs: number,
): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(maxMs, Math.max(0, ms));
}
