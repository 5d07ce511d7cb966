import { EagleError } from '@kube-eagle/profile';
import { canceled, throwIfCanceled } from './canceled.ts';

/** Lets some work through at a time and keeps the rest waiting in order. */
export interface Gate {
  readonly options: GateOptions;
  /** Works turned away. */
  readonly refused: number;
  /**
   * Runs `work` as soon as there is room. Throws `resource_exhausted` where too many wait already,
   * `canceled` where the signal aborts while it waits.
   */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export interface GateOptions {
  /** Works at the same time. */
  readonly width: number;
  /** Works that may wait. */
  readonly waiting: number;
}

/** An open gate. */
export function createGate(options: GateOptions): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  let refused = 0;

  async function enter(signal: AbortSignal): Promise<void> {
    if (running < options.width) {
      running++;
      return;
    }
    if (queue.length >= options.waiting) {
      refused++;
      throw new EagleError(
        'resource_exhausted',
        `expected at most ${options.waiting} queries to wait, got one more; ask again later`,
        { retryAfterMs: 1000 },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pass = (): void => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      queue.splice(queue.indexOf(pass), 1);
      reject(canceled(signal));
    };
    signal.addEventListener('abort', leave, { once: true });
    queue.push(pass);
    await promise;
  }

  return {
    options,
    get refused() {
      return refused;
    },
    async run(work, signal) {
      throwIfCanceled(signal);
      await enter(signal);
      try {
        return await work();
      } finally {
        // The place goes to the next in line, so that nobody slips in between.
        const next = queue.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
