/** Time, handed to whatever needs it. */
export interface Clock {
  /** Now, ms since the epoch. */
  nowMs(): number;
  /** Calls `run` again and again until disposed. */
  every(periodMs: number, run: () => void): Disposable;
}

/** Resolves when `ms` have passed, or at once when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      alarm[Symbol.dispose]();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const alarm = clock.every(Math.max(1, ms), end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** A clock that stands until it is moved: for tests. */
export interface ManualClock extends Clock {
  /** Moves the time on, calling on the way what is due. */
  advance(ms: number): void;
}

/** A {@link ManualClock} that shows `startMs`. */
export function createManualClock(startMs: number): ManualClock {
  const alarms = new Set<{ dueMs: number; readonly periodMs: number; readonly run: () => void }>();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    every(periodMs, run) {
      const alarm = { dueMs: nowMs + periodMs, periodMs, run };
      alarms.add(alarm);
      return {
        [Symbol.dispose]() {
          alarms.delete(alarm);
        },
      };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...alarms].sort((a, b) => a.dueMs - b.dueMs);
        if (!next || next.dueMs > endMs) break;
        nowMs = next.dueMs;
        next.dueMs += next.periodMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}
