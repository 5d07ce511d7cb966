import { parseMaps } from '../proc/maps.ts';
import { readProcess, readProcFile } from '../proc/process.ts';
import { type CodeRange, codeRanges } from './address-space.ts';
import type { ExecutableTable } from './executable-table.ts';
import { type GeneratedCode, generatedCode } from './generated-code.ts';
import type { Process } from './sampler.ts';

/** A program as one process runs it. A pid used again, or an exec, makes another image. */
export interface ImageId {
  readonly pid: number;
  readonly startTicks: number;
  /** Grows with every exec of the process. */
  readonly execId: number;
}

export interface Image {
  readonly id: ImageId;
  readonly process: Process;
  /** Its code in order of address; empty for kernel threads. */
  readonly ranges: readonly CodeRange[];
  /** How to get on below its code that lies in no file. */
  readonly generated: GeneratedCode;
  /** It ended, or became another program, before it could be looked at. */
  readonly isGone: boolean;
}

export interface ImageTable {
  get(id: ImageId): Image | undefined;
  /**
   * Looks at a process anew. `comm` is what the kernel called it when it was sampled; empty where
   * that is not known.
   */
  read(id: ImageId, comm: string): Image;
  forget(id: ImageId): void;
  readonly counters: {
    /** Images forgotten because there were too many. */
    readonly evicted: number;
    /** Images that were gone before they were looked at. */
    readonly gone: number;
  };
}

export interface ImageTableOptions {
  readonly maxImages: number;
  readonly executables: ExecutableTable;
  /** Called for each image that is forgotten for want of room. */
  readonly onEvict?: (image: Image) => void;
}

/** One string an image, for use as a key. */
export function imageKey(id: ImageId): string {
  return `${id.pid} ${id.startTicks} ${id.execId}`;
}

function goneImage(id: ImageId, comm: string): Image {
  const { pid, startTicks } = id;
  const process = { pid, startTicks, comm, exe: '', containerId: '', unit: '' };
  const generated = generatedCode(pid, []);
  return { id, process, ranges: [], generated, isGone: true };
}

function readImage(id: ImageId, comm: string, executables: ExecutableTable): Image {
  const process = readProcess(id.pid);
  if (!process || process.startTicks !== id.startTicks) return goneImage(id, comm);
  // An exec since then would have renamed it. Kernel workers go by a longer name in /proc.
  if (comm !== '' && process.exe !== '' && process.comm !== comm) return goneImage(id, comm);
  const maps = parseMaps(readProcFile(`/proc/${id.pid}/maps`) ?? '').value;
  return {
    id,
    process: comm === '' ? process : { ...process, comm },
    ranges: codeRanges(id.pid, maps, executables),
    generated: generatedCode(id.pid, maps),
    isGone: false,
  };
}

/** Images by identity, the least recently used forgotten first. */
export function createImageTable(options: ImageTableOptions): ImageTable {
  const { maxImages, executables, onEvict } = options;
  const images = new Map<string, Image>();
  const counters = { evicted: 0, gone: 0 };

  function keep(image: Image): Image {
    const key = imageKey(image.id);
    images.delete(key);
    images.set(key, image);
    if (images.size <= maxImages) return image;
    const [oldest, forgotten] = images.entries().next().value ?? [];
    if (oldest !== undefined) images.delete(oldest);
    if (forgotten) onEvict?.(forgotten);
    counters.evicted++;
    return image;
  }

  return {
    counters,
    get(id) {
      const image = images.get(imageKey(id));
      return image && keep(image);
    },
    read(id, comm) {
      const known = images.get(imageKey(id));
      const image = readImage(id, comm, executables);
      if (!image.isGone) return keep(image);
      // What was seen of it while it ran stays true.
      if (known) return keep(known);
      counters.gone++;
      return keep(image);
    },
    forget(id) {
      images.delete(imageKey(id));
    },
  };
}
