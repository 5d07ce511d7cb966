import { createTableBuilder, type TableBuilder } from '../unwind/table-builder.ts';
import { createStackDrain, type StackDrain } from './ebpf-drain.ts';
import { addStack, decodeEvent, encodeProcess, STACK_BYTES } from './ebpf-layout.ts';
import {
  attachCpu,
  type CpuClock,
  EVENT_RING_BYTES,
  ebpfCapacity,
  loadSampleObject,
  uint32Bytes,
} from './ebpf-object.ts';
import { openEventRing } from './ebpf-ring.ts';
import { type CodeFile, createExecutableTable } from './executable-table.ts';
import { createImageTable, type Image } from './image-table.ts';
import type { BpfObject } from './libbpf.ts';
import { type LiveSet, openLiveSet } from './live-set.ts';
import { onlineCpus } from './online-cpus.ts';
import { createPythons } from './pythons.ts';
import type { CountingSampler, SampleRequest, SamplerDriver } from './sampler.ts';
import { createUnwindTables } from './unwind-tables.ts';
import { createWindowBuilder, type WindowBuilder } from './window-builder.ts';
import { cutWindows } from './window-clock.ts';

/** Images the program looks addresses up in: told of new ones by its ring. */
function createKnownImages(object: BpfObject, maxImages: number, builder: TableBuilder) {
  const processes = object.map('processes');
  const executables = createExecutableTable();
  const pythons = createPythons(object.map('pythons'));
  const images = createImageTable({
    maxImages,
    executables,
    onEvict(image: Image) {
      processes.delete(uint32Bytes(image.id.pid));
      pythons.forget(image);
    },
  });
  const counters = { notStored: 0 };
  const tables = createUnwindTables(object, builder);
  /** A file that frames were found in is in use, however long ago its process began. */
  const get = (number: number): CodeFile | undefined => {
    const file = executables.get(number);
    if (file) tables.use(file);
    return file;
  };
  const stackTables = { images, executables: { get }, pythons };
  const stackBytes = new Uint8Array(STACK_BYTES);
  const stacks = [object.map('stacks_0'), object.map('stacks_1')];
  /** Names are remembered, so the stack itself can wait until it is drained. */
  const readNames = (key: Uint8Array): void => {
    if (!stacks.some((map) => map.lookup(key, stackBytes))) return;
    addStack(new DataView(stackBytes.buffer), 0, stackTables, createWindowBuilder());
  };
  const ring = openEventRing(object.map('events'), EVENT_RING_BYTES, (bytes) => {
    const { id, comm, stack } = decodeEvent(bytes);
    if (stack) return readNames(stack);
    const image = images.read(id, comm);
    if (image.isGone) return;
    pythons.see(image);
    if (!processes.update(uint32Bytes(id.pid), encodeProcess(image))) counters.notStored++;
    for (const { file } of image.ranges) if (file) tables.want(file);
  });
  return {
    executables,
    images,
    counters,
    ring,
    tables,
    pythons,
    stackTables,
  };
}

export interface EbpfOptions {
  /** Ms since the epoch. */
  readonly nowMs: () => number;
  /** Makes unwind tables for all samplers of the driver, and stays its caller's. */
  readonly tables?: TableBuilder;
}

/**
 * Samples by an eBPF program that counts stacks in the kernel. Needs Linux 5.10 with BTF, libbpf.so.1
 * and root (or CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE).
 */
export function createEbpfDriver({
  nowMs,
  tables = createTableBuilder(),
}: EbpfOptions): SamplerDriver {
  return {
    name: 'ebpf',
    async open(request) {
      const capacity = ebpfCapacity(request, onlineCpus().length);
      const object = await loadSampleObject(request, capacity);
      const resources = new AsyncDisposableStack();
      resources.use(object);
      try {
        const known = createKnownImages(object, capacity.images, tables);
        resources.use(known.tables);
        resources.use(known.ring);
        const drain = createStackDrain(object, known.stackTables);
        const cpus = resources.use(
          openLiveSet({
            list: onlineCpus,
            open: (cpu) => attachCpu(object, request.rateHz, cpu),
            isLive: (clock) => clock.isTicking(),
          }),
        );
        return samplerOf({ request, nowMs, known, drain, cpus, resources });
      } catch (error) {
        await resources.disposeAsync();
        throw error;
      }
    },
  };
}

interface Parts {
  readonly request: SampleRequest;
  readonly nowMs: () => number;
  readonly known: ReturnType<typeof createKnownImages>;
  readonly drain: StackDrain;
  readonly cpus: LiveSet<CpuClock>;
  readonly resources: AsyncDisposableStack;
}

function samplerOf(parts: Parts): CountingSampler {
  const { request, nowMs, known, drain, cpus, resources } = parts;
  const source = {
    request,
    nowMs,
    openedMs: nowMs(),
    async cut(builder: WindowBuilder, isLast: boolean) {
      if (isLast) cpus[Symbol.dispose]();
      else cpus.follow();
      known.ring.drain();
      await drain.drainInto(builder);
    },
    lost: () => drain.stats().lost,
  };

  return {
    scope: "every process, with the kernel's frames",
    windows: (signal) => cutWindows(source, createWindowBuilder, signal),
    counters: () => {
      const { samples, frames, runNs, lost, eventsLost, guesses, pythonLeft, pythonUnreadable } =
        drain.stats();
      return {
        samples,
        frames,
        runNs,
        samplesLost: lost,
        eventsLost,
        imagesEvicted: known.images.counters.evicted,
        imagesGone: known.images.counters.gone,
        imagesNotStored: known.counters.notStored,
        codeFilesEvicted: known.executables.evicted,
        cpusNotOpened: cpus.failures,
        guesses,
        pythonLeft,
        pythonUnreadable,
        ...known.pythons.counters,
        ...known.tables.counters,
      };
    },
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync();
    },
  };
}
