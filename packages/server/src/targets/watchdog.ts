import { EagleError } from '@kube-eagle/profile';
import type { Clock } from '../clock.ts';

/** Ends what has gone silent. */
export interface Watchdog extends Disposable {
  /** Aborts with `deadline_exceeded` once nothing was heard for too long, or with its parent. */
  readonly signal: AbortSignal;
  /** Something was heard. */
  heard(): void;
}

/** Looks that a silence is divided into, so that no clock is read, which may be set. */
const LOOKS = 8;

/** A watchdog that waits for `silenceMs`, and up to an eighth more. */
export function createWatchdog(clock: Clock, silenceMs: number, parent: AbortSignal): Watchdog {
  const silent = new AbortController();
  let quietLooks = 0;
  const looking = clock.every(silenceMs / LOOKS, () => {
    quietLooks++;
    if (quietLooks <= LOOKS) return;
    silent.abort(
      new EagleError('deadline_exceeded', `nothing came for ${Math.round(silenceMs / 1_000)} s`),
    );
  });
  return {
    signal: AbortSignal.any([silent.signal, parent]),
    heard() {
      quietLooks = 0;
    },
    [Symbol.dispose]: () => looking[Symbol.dispose](),
  };
}
