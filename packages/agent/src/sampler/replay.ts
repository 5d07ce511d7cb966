import { EagleError } from '@kube-eagle/profile';
import { recordedOf, windowOf } from './recording.ts';
import { isForHost, type SampleRequest, type SamplerDriver, type SampleWindow } from './sampler.ts';

/**
 * Gives recorded windows, one after another without waiting, then ends. Their times and rate are
 * those of the recording; the request chooses processes only.
 */
export function createReplayDriver(windows: readonly SampleWindow[]): SamplerDriver {
  return {
    name: 'replay',
    async open(request) {
      refuseUnrecorded(request);
      return {
        scope: 'a recording',
        windows: (signal) => replay(windows, request, signal),
        counters: () => ({}),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

function refuseUnrecorded({ threads = [], cgroups = [] }: SampleRequest): void {
  if (threads.length + cgroups.length === 0) return;
  throw new EagleError(
    'failed_precondition',
    'expected processes, got threads or control groups, which a recording does not tell apart; name the processes as pid/N',
  );
}

async function* replay(
  windows: readonly SampleWindow[],
  request: SampleRequest,
  signal: AbortSignal,
): AsyncGenerator<SampleWindow> {
  for (const window of windows) {
    if (signal.aborted) return;
    yield isForHost(request) ? window : onlyOf(window, new Set(request.pids));
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
