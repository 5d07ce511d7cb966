/** Wakes whoever waits. */
export interface Bell {
  ring(): void;
  /** Until it rings, `signal` aborts or, if given, `timeoutMs` have passed. Never throws. */
  wait(signal: AbortSignal, timeoutMs?: number): Promise<void>;
}

/** A bell that nobody has rung. Rings that nobody waits for are lost: look before you wait. */
export function createBell(): Bell {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of [...waiting]) wake();
    },
    wait(signal, timeoutMs) {
      if (signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs);
      function wake(): void {
        clearTimeout(timer);
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      }
      waiting.add(wake);
      signal.addEventListener('abort', wake);
      return promise;
    },
  };
}
