import { EagleError } from '@kube-eagle/profile';
import { createExecutableTable } from './executable-table.ts';
import { createImageTable } from './image-table.ts';
import { decodePerfRecord } from './perf-record.ts';
import { openPerfSource, type PerfSource } from './perf-source.ts';
import { createPerfStacks, type PerfStacks } from './perf-stacks.ts';
import type { SampleRequest, SamplerDriver } from './sampler.ts';
import { createWindowBuilder, type WindowBuilder } from './window-builder.ts';
import { cutWindows } from './window-clock.ts';

/** How often rings are emptied: the largest holds two seconds at 99 Hz, and processes live shortly. */
const TURN_MS = 100;
const MAX_IMAGES = 4_096;

export interface PerfEventOptions {
  /** Ms since the epoch. */
  readonly nowMs: () => number;
  /** Whose processes are sampled where the whole host is not allowed. */
  readonly uid: number;
}

/**
 * Samples by perf events that write each stack to a ring: no BTF, libbpf or BPF rights needed, but
 * ten times the work of eBPF at the same rate. Without root, sees the threads of the user's own
 * processes, looked for once a window, and the kernel's frames only if kernel.perf_event_paranoid
 * is 1 or less.
 */
export function createPerfEventDriver({ nowMs, uid }: PerfEventOptions): SamplerDriver {
  return {
    name: 'perf_event',
    async open(request) {
      refuseCgroups(request);
      const executables = createExecutableTable();
      const images = createImageTable({ maxImages: MAX_IMAGES, executables });
      const perf = openPerfSource(request, uid);
      const stacks = createPerfStacks(images, request);
      const turns = setInterval(() => takeTurn(perf, stacks), TURN_MS);
      // Its reader keeps the process alive, not the clock.
      turns.unref();
      const source = {
        request,
        nowMs,
        openedMs: nowMs(),
        async cut(builder: WindowBuilder, isLast: boolean) {
          takeTurn(perf, stacks);
          stacks.moveInto(builder);
          if (isLast) perf[Symbol.dispose]();
          else perf.follow();
        },
        lost: () => stacks.lost,
      };
      return {
        scope: perf.scope,
        windows: (signal) => cutWindows(source, createWindowBuilder, signal),
        counters: () => ({
          samplesLost: stacks.lost,
          eventsNotOpened: perf.failures,
          imagesEvicted: images.counters.evicted,
          imagesGone: images.counters.gone,
          codeFilesEvicted: executables.evicted,
        }),
        async [Symbol.asyncDispose]() {
          clearInterval(turns);
          perf[Symbol.dispose]();
        },
      };
    },
  };
}

/** A ring tells of ids only, and a process may have left its group by the time it is read. */
function refuseCgroups({ cgroups = [] }: SampleRequest): void {
  if (cgroups.length === 0) return;
  throw new EagleError(
    'failed_precondition',
    'expected processes or threads, got control groups, which perf events cannot tell apart; name the processes as pid/N, or mend what keeps eBPF from running',
  );
}

function takeTurn(perf: PerfSource, stacks: PerfStacks): void {
  for (const ring of perf.rings()) {
    ring.drain((type, misc, body) => {
      const record = decodePerfRecord(type, misc, body);
      if (record) stacks.add(record);
    });
  }
  stacks.endTurn();
}
