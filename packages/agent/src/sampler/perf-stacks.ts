import { readStat } from '../proc/process.ts';
import { findRange } from './address-space.ts';
import { type Image, type ImageId, type ImageTable, imageKey } from './image-table.ts';
import type { PerfRecord, PerfSample } from './perf-record.ts';
import { isForHost, type SampleRequest, type StackEnd } from './sampler.ts';
import type { WindowBuilder } from './window-builder.ts';

/** Deepest part of a stack that the kernel reports (kernel.perf_event_max_stack). */
const MAX_FRAMES = 127;
const MAX_STACKS = 16_384;
const MAX_NAMES = 4_096;

/** Counts the stacks that perf events report, one sample after another. */
export interface PerfStacks {
  add(record: PerfRecord): void;
  /** Processes that ended are forgotten only now: rings of other CPUs may still tell of them. */
  endTurn(): void;
  /** Moves what was counted into a window. */
  moveInto(builder: WindowBuilder): void;
  /** Samples that found no room, in the kernel or here. */
  readonly lost: number;
}

interface Counted {
  readonly image: Image;
  readonly sample: PerfSample;
  count: number;
}

/** Only the processes and threads that a request names count, all where it names none. */
export function createPerfStacks(images: ImageTable, request: SampleRequest): PerfStacks {
  const isChosen = chooser(request);
  const stacks = new Map<string, Counted>();
  const running = createRunning(images);
  let lost = 0;

  function count(sample: PerfSample): void {
    if (sample.pid === 0 || !isChosen(sample)) return;
    const image = running.imageOf(sample.pid, sample.user[0]);
    const chain = `${sample.kernel.join(' ')}|${sample.user.join(' ')}`;
    const key = `${imageKey(image.id)}|${chain}`;
    const known = stacks.get(key);
    if (known) known.count++;
    else if (stacks.size < MAX_STACKS) stacks.set(key, { image, sample, count: 1 });
    else lost++;
  }

  return {
    get lost() {
      return lost;
    },
    add(record) {
      if (record.kind === 'sample') count(record);
      else if (record.kind === 'lost') lost += record.count;
      else running.follow(record);
    },
    endTurn: () => running.forgetEnded(),
    moveInto(builder) {
      for (const { image, sample, count: times } of stacks.values()) {
        builder.stack(image, times, addFrames(image, sample, builder));
      }
      stacks.clear();
    },
  };
}

function chooser(request: SampleRequest): (sample: PerfSample) => boolean {
  if (isForHost(request)) return () => true;
  const pids = new Set(request.pids);
  const threads = new Set(request.threads);
  return ({ pid, tid }) => pids.has(pid) || threads.has(tid);
}

/** The frames of one sample; gives why its walk ended, as far as can be told. */
function addFrames(image: Image, { kernel, user }: PerfSample, builder: WindowBuilder): StackEnd {
  // All but the first of either part are return addresses.
  kernel.forEach((address, i) => {
    builder.kernelFrame(i === 0 ? address : address - 1);
  });
  if (user.length === 0) return 'no_user';
  if (image.isGone) return 'no_process';
  const isWhole = user.every((address, i) => {
    const isLeaf = i === 0 && kernel.length === 0;
    return builder.userFrame(image, isLeaf ? address : address - 1);
  });
  if (!isWhole) return 'no_mapping';
  if (user.length >= MAX_FRAMES) return 'too_deep';
  // The kernel follows frame pointers and does not say how that ended; a program without them mostly
  // gives its leaf alone.
  return user.length === 1 ? 'unreadable' : 'guessed';
}

/** Which image each process runs now, by what the rings tell of it. */
function createRunning(images: ImageTable) {
  const ids = new Map<number, ImageId>();
  const names = new Map<number, string>();
  const stale = new Set<number>();
  const ended = new Set<number>();
  let execs = 0;

  function identify(pid: number): ImageId {
    const known = ids.get(pid);
    if (known) return known;
    const id = { pid, startTicks: readStat(pid)?.startTicks ?? 0, execId: execs };
    ids.set(pid, id);
    return id;
  }

  return {
    imageOf(pid: number, leaf: number | undefined): Image {
      const id = identify(pid);
      const image = images.get(id);
      const comm = names.get(pid) ?? '';
      if (!image) return images.read(id, comm);
      const isMissing = leaf !== undefined && !findRange(image.ranges, leaf);
      return stale.delete(pid) && isMissing ? images.read(id, comm) : image;
    },
    follow(record: PerfRecord): void {
      if (record.kind === 'mmap') stale.add(record.pid);
      if (record.kind === 'exit' && record.pid === record.tid) ended.add(record.pid);
      if (record.kind !== 'comm' || !record.isExec) return;
      execs++;
      ids.delete(record.pid);
      if (names.size >= MAX_NAMES) names.clear();
      names.set(record.pid, record.comm);
    },
    forgetEnded(): void {
      for (const pid of ended) {
        ids.delete(pid);
        names.delete(pid);
        stale.delete(pid);
      }
      ended.clear();
    },
  };
}
