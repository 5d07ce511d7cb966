import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleRequest, SampleWindow } from './sampler.ts';
import type { WindowBuilder } from './window-builder.ts';

/** Steps in a window at which the first one may end. */
const FIRST_STEPS = 5;
/** Of a step; a first window shorter than that would not be worth its request. */
const SHORTEST_FIRST = 0.5;

/**
 * End of the window that `nowMs` lies in: the next multiple of `windowMs`, so that windows of all
 * hosts cover the same stretches. The first one may end at a fifth of that, for a first profile soon
 * after start: it is 0.1 to 0.3 of a window long, and the next one the shorter for it.
 */
export function windowEndMs(nowMs: number, windowMs: number, isFirst: boolean): number {
  if (!isFirst) return (Math.floor(nowMs / windowMs) + 1) * windowMs;
  const stepMs = windowMs / FIRST_STEPS;
  return (Math.floor(nowMs / stepMs + SHORTEST_FIRST) + 1) * stepMs;
}

/** Waits some time, less if the signal aborts first. */
export async function waitMs(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await sleep(Math.max(0, ms), undefined, signal && { signal }).catch(() => undefined);
}

/** What a running driver has collected, to be cut into windows. */
export interface WindowSource {
  readonly request: SampleRequest;
  /** Ms since the epoch that sampling began. */
  readonly openedMs: number;
  readonly nowMs: () => number;
  /** Moves what was sampled so far into a window. Nothing is sampled after the last one. */
  cut(builder: WindowBuilder, isLast: boolean): Promise<void>;
  /** Samples that were due and are missing, since it was opened. */
  lost(): number;
}

/** Cuts windows by the clock until the signal aborts; then a short one, the last. */
export async function* cutWindows(
  source: WindowSource,
  createBuilder: () => WindowBuilder,
  signal: AbortSignal,
): AsyncGenerator<SampleWindow> {
  const { request, nowMs } = source;
  let startMs = source.openedMs;
  let lostBefore = 0;
  for (let isLast = false, isFirst = true; !isLast; isFirst = false) {
    await waitMs(windowEndMs(nowMs(), request.windowMs, isFirst) - nowMs(), signal);
    isLast = signal.aborted;
    const endMs = nowMs();
    const builder = createBuilder();
    await source.cut(builder, isLast);
    const lost = source.lost();
    yield builder.finish({
      startMs,
      durationNs: (endMs - startMs) * 1e6,
      rateHz: request.rateHz,
      lost: lost - lostBefore,
    });
    startMs = endMs;
    lostBefore = lost;
  }
}
