import type { WideProfiler } from './profiler.ts';

/**
 * The agent's own samplers as a profiler: eBPF, or perf events where that cannot be had. It touches no
 * process, so it takes any number of them, however many tasks do.
 */
export function createEbpfProfiler(open: WideProfiler['open']): WideProfiler {
  return { kind: 'wide', name: 'ebpf', events: ['cpu'], how: 'counted in the kernel', open };
}
