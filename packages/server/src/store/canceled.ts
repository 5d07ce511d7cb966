import { EagleError } from '@kube-eagle/profile';

/** The error of work whose caller gave up, or whose time is over. */
export function canceled(signal: AbortSignal): EagleError {
  const cause: unknown = signal.reason;
  if (cause instanceof EagleError) return cause;
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  return late
    ? new EagleError('deadline_exceeded', 'the store did not answer in the time given', { cause })
    : new EagleError('canceled', 'the caller gave up', { cause });
}

/** Throws {@link canceled} where the signal is aborted. */
export function throwIfCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw canceled(signal);
}

/** As `promise`, but rejects as soon as the signal aborts. */
export async function untilCanceled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const leave = (): void => aborted.reject(canceled(signal));
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
