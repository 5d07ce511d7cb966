import { closeFd, perfEventOpen, type SystemFailure } from './libbpf.ts';
import { onlineCpus } from './online-cpus.ts';
import { encodePerfAttributes } from './perf-attributes.ts';
import { SAMPLE_TYPE } from './perf-record.ts';
import { TIME_ENABLED } from './tick-watch.ts';

/** What perf events show with the rights at hand. */
export interface PerfScope {
  /** Every process, or the threads of some. */
  readonly of: 'host' | 'threads';
  readonly hasKernel: boolean;
}

/** Widest first: each needs less of kernel.perf_event_paranoid, or of capabilities. */
export const PERF_SCOPES: readonly PerfScope[] = [
  { of: 'host', hasKernel: true },
  { of: 'host', hasKernel: false },
  { of: 'threads', hasKernel: true },
  { of: 'threads', hasKernel: false },
];

/** A CPU's every thread, or a thread on every CPU. */
export interface PerfTarget {
  readonly pid: number;
  readonly cpu: number;
}

/** In place of a pid or a CPU: all of them. */
export const ANY = -1;
const SELF = 0;

/** What a scope shows, in words. */
export function describeScope({ of, hasKernel }: PerfScope): string {
  const who =
    of === 'host'
      ? 'every process'
      : "only one's own processes, new threads from the next window on";
  return `${who}, ${hasKernel ? 'with' : 'without'} the kernel's frames`;
}

/** Opens an event whose records are those of perf-record.ts. Gives a descriptor that the caller closes. */
export function openScoped(
  { hasKernel }: PerfScope,
  { pid, cpu }: PerfTarget,
  rateHz: number,
): number | SystemFailure {
  const attributes = encodePerfAttributes({
    rateHz,
    sampleType: SAMPLE_TYPE,
    flags: [
      ...(['frequency', 'excludeIdle', 'mmap', 'mmap2', 'comm', 'commExec', 'task'] as const),
      ...(hasKernel ? [] : (['excludeKernel', 'excludeKernelCallchain'] as const)),
    ],
    wakeupBytes: 0,
    readFormat: TIME_ENABLED,
  });
  return perfEventOpen(attributes, pid, cpu);
}

/**
 * The widest scope that the kernel allows this process; `undefined` where it allows none. It is asked,
 * by events that are closed at once: what kernel.perf_event_paranoid means is another thing on
 * Debian, on Ubuntu and in a container.
 */
export function widestPerfScope(): PerfScope | undefined {
  const [cpu = 0] = onlineCpus();
  return PERF_SCOPES.find((scope) => {
    const target = scope.of === 'host' ? { pid: ANY, cpu } : { pid: SELF, cpu: ANY };
    const fd = openScoped(scope, target, 1);
    if (typeof fd !== 'number') return false;
    closeFd(fd);
    return true;
  });
}
