import { openLiveSet } from '../sampler/live-set.ts';
import { onlineCpus } from '../sampler/online-cpus.ts';
import { decodePerfRecord } from '../sampler/perf-record.ts';
import { openCpuRing } from '../sampler/perf-source.ts';

/** What became of a process. */
export type ProcessEvent =
  /** It was forked, or became another program. */
  | { readonly kind: 'began'; readonly pid: number }
  | { readonly kind: 'ended'; readonly pid: number }
  /** So many records found no room: anything may have happened. */
  | { readonly kind: 'lost'; readonly count: number };

/** The kernel's own records of processes that begin and end. */
export interface ProcessEvents extends Disposable {
  /** What has happened since the last call, of each CPU in order. */
  drain(onEvent: (event: ProcessEvent) => void): void;
}

/** Some thousand records on each CPU between two calls. */
const RING_PAGES = [32, 8] as const;

/**
 * Has the kernel record every fork, exec and exit in a ring of each CPU: no program runs for it, and a
 * process costs three records of some 50 bytes. Throws `failed_precondition` where perf events of the
 * whole host are refused.
 */
export function openProcessEvents(): ProcessEvents {
  const rings = openLiveSet({
    list: onlineCpus,
    open: (cpu) => openCpuRing({ cpu, rateHz: 0, flags: ['comm', 'commExec', 'task'] }, RING_PAGES),
  });
  return {
    drain(onEvent) {
      rings.follow();
      for (const ring of rings.opened.values()) {
        ring.drain((type, misc, body) => {
          const event = eventOf(type, misc, body);
          if (event) onEvent(event);
        });
      }
    },
    [Symbol.dispose]: () => rings[Symbol.dispose](),
  };
}

function eventOf(type: number, misc: number, body: DataView): ProcessEvent | undefined {
  const record = decodePerfRecord(type, misc, body);
  switch (record?.kind) {
    case 'comm':
      return record.isExec ? { kind: 'began', pid: record.pid } : undefined;
    case 'fork':
      return record.pid === record.tid ? { kind: 'began', pid: record.pid } : undefined;
    case 'exit':
      return record.pid === record.tid ? { kind: 'ended', pid: record.pid } : undefined;
    case 'lost':
      return record;
    case 'sample':
    case 'mmap':
    case undefined:
      return undefined;
  }
}
