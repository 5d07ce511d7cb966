import { EagleError } from '@kube-eagle/profile';

/** One open thing for each number of a set that changes: CPUs online, threads of a process. */
export interface LiveSet<T extends Disposable> extends Disposable {
  /** Opens what has come and closes what is gone. */
  follow(): void;
  /** What is open, by its number. */
  readonly opened: ReadonlyMap<number, T>;
  /** Times one could not be opened: most often it had just gone. */
  readonly failures: number;
}

export interface LiveSetOptions<T extends Disposable> {
  /** The numbers there are now. */
  readonly list: () => readonly number[];
  /** Throws where it cannot be had. */
  readonly open: (number: number) => T;
  /** Whether one that is open still works; one that does not is opened anew. */
  readonly isLive?: (thing: T) => boolean;
}

/** Opens all there are now. Throws what `open` throws if it does for each of them. */
export function openLiveSet<T extends Disposable>(options: LiveSetOptions<T>): LiveSet<T> {
  const opened = new Map<number, T>();
  let failures = 0;
  let lastError: unknown = new EagleError('failed_precondition', 'expected one to open, got none');

  function follow(): void {
    const live = new Set(options.list());
    for (const [number, thing] of opened) {
      if (live.has(number) && options.isLive?.(thing) !== false) continue;
      opened.delete(number);
      thing[Symbol.dispose]();
    }
    for (const number of live) {
      if (opened.has(number)) continue;
      try {
        opened.set(number, options.open(number));
      } catch (error) {
        lastError = error;
        failures++;
      }
    }
  }

  follow();
  if (opened.size === 0) throw lastError;
  return {
    opened,
    follow,
    get failures() {
      return failures;
    },
    [Symbol.dispose]() {
      for (const thing of opened.values()) thing[Symbol.dispose]();
      opened.clear();
    },
  };
}
