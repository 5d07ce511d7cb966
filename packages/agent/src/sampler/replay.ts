import { recordedOf, windowOf } from './recording.ts';
import type { SampleRequest, SamplerDriver, SampleWindow } from './sampler.ts';

/**
 * Gives recorded windows, one after another without waiting, then ends. Their times and rate are
 * those of the recording; the request chooses processes only.
 */
export function createReplayDriver(windows: readonly SampleWindow[]): SamplerDriver {
  return {
    name: 'replay',
    open: async (request) => ({
      scope: 'a recording',
      windows: (signal) => replay(windows, request, signal),
      counters: () => ({}),
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
}

async function* replay(
  windows: readonly SampleWindow[],
  { pids }: SampleRequest,
  signal: AbortSignal,
): AsyncGenerator<SampleWindow> {
  for (const window of windows) {
    if (signal.aborted) return;
    yield pids.length > 0 ? onlyOf(window, new Set(pids)) : window;
  }
}

/** The window with the stacks of some processes. */
function onlyOf(window: SampleWindow, pids: ReadonlySet<number>): SampleWindow {
  const recorded = recordedOf(window);
  const chosenRows = new Set(
    recorded.processes.flatMap((process, row) => (pids.has(process.pid) ? [row] : [])),
  );
  return windowOf({
    ...recorded,
    stacks: recorded.stacks.filter((stack) => chosenRows.has(stack.process)),
  });
}
