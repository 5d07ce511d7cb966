import { EagleError } from '@kube-eagle/profile';
import { closeFd, perfEventOpen, type SystemFailure } from './libbpf.ts';
import { openLiveSet } from './live-set.ts';
import { onlineCpus } from './online-cpus.ts';
import { encodePerfAttributes, type PerfAttributes } from './perf-attributes.ts';
import { openPerfRing, type PerfRing } from './perf-ring.ts';
import {
  ANY,
  describeScope,
  openScoped,
  PERF_SCOPES,
  type PerfScope,
  type PerfTarget,
} from './perf-scope.ts';
import { pidsOfUser, threadsOf } from './perf-targets.ts';
import { isForHost, type SampleRequest } from './sampler.ts';
import { createTickWatch } from './tick-watch.ts';

/** Pages of a ring, the larger first: what a user may lock is limited (perf_event_mlock_kb). */
const CPU_RING_PAGES: readonly number[] = [64, 8];
const THREAD_RING_PAGES: readonly number[] = [8, 2];
const MAX_THREADS = 256;

/** An event that writes to a ring. */
interface PerfEvent extends PerfRing {
  /** Whether it has ticked since it was asked before; that of a thread only does while that runs. */
  isTicking(): boolean;
}

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

const messageFor = ({ error }: SystemFailure): string =>
  `expected perf_event_open to succeed, got ${error}; run as root, or set kernel.perf_event_paranoid to 2 or less (1: with the kernel's frames, 0: whole host), which CAP_PERFMON is not bound by`;

/** One sampling event with its ring. Throws `failed_precondition` where the kernel refuses. */
function openEvent(scope: PerfScope, target: PerfTarget, rateHz: number): PerfEvent {
  const pages = target.cpu === ANY ? THREAD_RING_PAGES : CPU_RING_PAGES;
  return withRing(openScoped(scope, target, rateHz), pages);
}

/** What an event of a CPU records, at what rate; 0 for records of processes only. */
export interface CpuEvent extends Pick<PerfAttributes, 'rateHz' | 'flags'> {
  readonly cpu: number;
}

/**
 * An event without samples on one CPU, with a ring of as many of `pages` as may be locked. Throws
 * `failed_precondition` where the kernel refuses.
 */
export function openCpuRing({ cpu, ...event }: CpuEvent, pages: readonly number[]): PerfRing {
  const attributes = encodePerfAttributes({ ...event, sampleType: 0, wakeupBytes: 0 });
  return withRing(perfEventOpen(attributes, ANY, cpu), pages);
}

function withRing(fd: number | SystemFailure, sizes: readonly number[]): PerfEvent {
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

function owning(ring: PerfRing, fd: number): PerfEvent {
  return {
    drain: (onRecord) => ring.drain(onRecord),
    isTicking: createTickWatch(fd),
    [Symbol.dispose]() {
      ring[Symbol.dispose]();
      closeFd(fd);
    },
  };
}

/** Opens the widest scope that the kernel allows. Throws `failed_precondition` if it allows none. */
export function openPerfSource(request: SampleRequest, uid: number): PerfSource {
  let refused: unknown;
  for (const scope of PERF_SCOPES) {
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
  const threads = (): readonly number[] => {
    const processes = isForHost(request) ? pidsOfUser(uid) : pids;
    const all = [...new Set([...processes.flatMap(threadsOf), ...chosen])];
    tooMany = Math.max(tooMany, all.length - MAX_THREADS);
    return all.slice(0, MAX_THREADS);
  };
  // Threads come and go as CPUs do: one set of open events follows either.
  const events = openLiveSet(
    scope.of === 'host'
      ? {
          list: onlineCpus,
          open: (cpu) => openEvent(scope, { pid: ANY, cpu }, rateHz),
          isLive: (event) => event.isTicking(),
        }
      : { list: threads, open: (pid) => openEvent(scope, { pid, cpu: ANY }, rateHz) },
  );
  return {
    scope: describeScope(scope),
    rings: () => events.opened.values(),
    follow: () => events.follow(),
    get failures() {
      return events.failures + tooMany;
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}
