import { EagleError } from '@kube-eagle/profile';
import { closeFd, perfEventOpen, type SystemFailure } from './libbpf.ts';
import { openLiveSet } from './live-set.ts';
import { onlineCpus } from './online-cpus.ts';
import { encodePerfAttributes, type PerfAttributes } from './perf-attributes.ts';
import { SAMPLE_TYPE } from './perf-record.ts';
import { openPerfRing, type PerfRing } from './perf-ring.ts';
import { pidsOfUser, threadsOf } from './perf-targets.ts';
import { isForHost, type SampleRequest } from './sampler.ts';

/** Pages of a ring, the larger first: what a user may lock is limited (perf_event_mlock_kb). */
const CPU_RING_PAGES: readonly number[] = [64, 8];
const THREAD_RING_PAGES: readonly number[] = [8, 2];
const MAX_THREADS = 256;
const ANY = -1;

/** What can be seen with the rights at hand. */
interface PerfScope {
  /** Every process, or the threads of some. */
  readonly of: 'host' | 'threads';
  readonly hasKernel: boolean;
}

/** Widest first: each needs less of kernel.perf_event_paranoid, or of capabilities. */
const SCOPES: readonly PerfScope[] = [
  { of: 'host', hasKernel: true },
  { of: 'host', hasKernel: false },
  { of: 'threads', hasKernel: true },
  { of: 'threads', hasKernel: false },
];

/** Open rings, of CPUs or threads, that come and go. */
export interface PerfSource extends Disposable {
  /** What is seen, in words. */
  readonly scope: string;
  /** Rings open now. */
  rings(): Iterable<PerfRing>;
  /** Looks at which CPUs or threads there are now. */
  follow(): void;
  /** CPUs or threads that could not be opened, or were too many. */
  readonly failures: number;
}

const describe = ({ of, hasKernel }: PerfScope): string =>
  `${of === 'host' ? 'every process' : "only one's own processes, new threads from the next window on"}, ${
    hasKernel ? 'with' : 'without'
  } the kernel's frames`;

const messageFor = ({ error }: SystemFailure): string =>
  `expected perf_event_open to succeed, got ${error}; run as root, with CAP_PERFMON, or set kernel.perf_event_paranoid to 2 or less (1: with the kernel's frames, 0: whole host)`;

/** One sampling event with its ring. Throws `failed_precondition` where the kernel refuses. */
function openEvent(
  { rateHz, hasKernel }: { readonly rateHz: number; readonly hasKernel: boolean },
  { pid, cpu }: { readonly pid: number; readonly cpu: number },
): PerfRing {
  const attributes = encodePerfAttributes({
    rateHz,
    sampleType: SAMPLE_TYPE,
    flags: [
      ...(['frequency', 'excludeIdle', 'mmap', 'mmap2', 'comm', 'commExec', 'task'] as const),
      ...(hasKernel ? [] : (['excludeKernel', 'excludeKernelCallchain'] as const)),
    ],
    wakeupBytes: 0,
  });
  const fd = perfEventOpen(attributes, pid, cpu);
  return openRing(fd, cpu === ANY ? THREAD_RING_PAGES : CPU_RING_PAGES);
}

/** What an event of a CPU records, at what rate; 0 for records of processes only. */
export interface CpuEvent extends Pick<PerfAttributes, 'rateHz' | 'flags'> {
  readonly cpu: number;
}

/**
 * The ring of an event without samples on one CPU, of as many of `pages` as may be locked. Throws
 * `failed_precondition` where the kernel refuses.
 */
export function openCpuRing({ cpu, ...event }: CpuEvent, pages: readonly number[]): PerfRing {
  const attributes = encodePerfAttributes({ ...event, sampleType: 0, wakeupBytes: 0 });
  return openRing(perfEventOpen(attributes, ANY, cpu), pages);
}

function openRing(fd: number | SystemFailure, sizes: readonly number[]): PerfRing {
  if (typeof fd !== 'number') throw new EagleError('failed_precondition', messageFor(fd));
  let failure: SystemFailure | undefined;
  for (const pages of sizes) {
    const ring = openPerfRing(fd, pages);
    if ('drain' in ring) return owning(ring, fd);
    failure = ring;
  }
  closeFd(fd);
  throw new EagleError(
    'failed_precondition',
    `expected to map a ring of perf events, got ${failure?.error}; raise kernel.perf_event_mlock_kb`,
  );
}

function owning(ring: PerfRing, fd: number): PerfRing {
  return {
    drain: (onRecord) => ring.drain(onRecord),
    [Symbol.dispose]() {
      ring[Symbol.dispose]();
      closeFd(fd);
    },
  };
}

/** Opens the widest scope that the kernel allows. Throws `failed_precondition` if it allows none. */
export function openPerfSource(request: SampleRequest, uid: number): PerfSource {
  let refused: unknown;
  for (const scope of SCOPES) {
    try {
      return openScope(request, scope, uid);
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}

function openScope(request: SampleRequest, scope: PerfScope, uid: number): PerfSource {
  const { rateHz, pids, threads: chosen = [] } = request;
  let tooMany = 0;
  const what = { rateHz, hasKernel: scope.hasKernel };
  const threads = (): readonly number[] => {
    const processes = isForHost(request) ? pidsOfUser(uid) : pids;
    const all = [...new Set([...processes.flatMap(threadsOf), ...chosen])];
    tooMany = Math.max(tooMany, all.length - MAX_THREADS);
    return all.slice(0, MAX_THREADS);
  };
  // Threads come and go as CPUs do: one set of open events follows either.
  const events = openLiveSet(
    scope.of === 'host'
      ? { list: onlineCpus, open: (cpu) => openEvent(what, { pid: ANY, cpu }) }
      : { list: threads, open: (pid) => openEvent(what, { pid, cpu: ANY }) },
  );
  return {
    scope: describe(scope),
    rings: () => events.opened.values(),
    follow: () => events.follow(),
    get failures() {
      return events.failures + tooMany;
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}
