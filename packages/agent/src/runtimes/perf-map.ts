import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readInside } from '../proc/inside.ts';
import { type CodeRanges, createCodeRanges } from './code-ranges.ts';
import { createLineBuffer } from './line-buffer.ts';

/** Where a map is, and whose it ought to be. */
export interface PerfMapPlace {
  /** The file as the agent reaches it, e.g. `/proc/7/root/tmp/perf-1.map`. */
  readonly path: string;
  /** Owner of the process; a file of anybody else but root is not believed. */
  readonly userId: number;
}

/** Whether there is a map that can be believed, and if not, why. */
export type PerfMapState = 'read' | 'missing' | 'behind a link' | 'of another user' | 'not a file';

/**
 * Names that a runtime writes for code it generated: lines of `start size name`, both numbers in
 * hexadecimal, in /tmp/perf-PID.map (Linux, tools/perf/Documentation/jit-interface.txt). The file
 * grows while the process runs, is cut by those who tend disks, and is written anew by JVMs.
 */
export interface PerfMap extends AsyncDisposable {
  readonly state: PerfMapState;
  /** Stretches of code that have a name. */
  readonly length: number;
  /** The name of the newest stretch that holds an address. */
  find(address: number): string | undefined;
  /**
   * Reads what was written since the last time; all of it if the file is another one or no longer
   * begins as it did. Names that were read before stay where no newer one is. Without a place, as the
   * process has ended, the file that is open is read on.
   */
  refresh(place: PerfMapPlace | undefined): Promise<void>;
  /** Has the next refresh read the file from its start. */
  restart(): void;
}

/** How often bounds of maps were hit, and how often a map was read from its start again. */
export interface PerfMapCounters {
  perfMapRestarts: number;
  /** Refreshes that left some of the file for later. */
  perfMapsUnfinished: number;
  /** Bytes behind {@link MAX_PERF_MAP_BYTES} are never read: maps that have come so far. */
  perfMapsTooLong: number;
  /** Names given up because there were too many. */
  perfMapNamesForgotten: number;
}

/** Bytes read of one map; what comes after is not looked at. */
export const MAX_PERF_MAP_BYTES = 256 * 2 ** 20;
/** Bytes read at one time: some 0.3 s of a CPU, whatever a process does to its map. */
export const MAX_REFRESH_BYTES = 8 * 2 ** 20;
const PIECE_BYTES = 2 ** 16;
const LINE_BYTES = 4096;
/** Bytes before the end of what was read, by which it is known again. */
const TAIL_BYTES = 64;
const NOTHING = Buffer.alloc(0);

const LINE = /^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) (.+)$/i;

/** The map of a process in its own /tmp; `undefined` once it has ended. */
export async function perfMapPlace(pid: number): Promise<PerfMapPlace | undefined> {
  const inside = await readInside(pid);
  return inside && { path: `/proc/${pid}/root/tmp/perf-${inside.pid}.map`, userId: inside.userId };
}

/** Counters before anything has happened. */
export const NO_PERF_MAPS: Readonly<PerfMapCounters> = {
  perfMapRestarts: 0,
  perfMapsUnfinished: 0,
  perfMapsTooLong: 0,
  perfMapNamesForgotten: 0,
};

/** A map of which nothing is read yet. */
export function createPerfMap(counters: PerfMapCounters = { ...NO_PERF_MAPS }): PerfMap {
  const ranges = createCodeRanges();
  const lines = createLineBuffer({ pieceBytes: PIECE_BYTES, lineBytes: LINE_BYTES });
  let opened: OpenedMap = { kind: 'missing' };
  let offset = 0;
  let tail = NOTHING;

  function restart(): void {
    if (offset > 0) counters.perfMapRestarts++;
    offset = 0;
    tail = NOTHING;
    lines.reset();
  }

  /** Takes the file that is there now, if it can be believed; keeps the old one as long as none can. */
  async function reopen(place: PerfMapPlace): Promise<void> {
    const found = await openOwned(place);
    if (found.kind !== 'open' && opened.kind === 'open') return;
    const isSame = found.kind === 'open' && found.identity === opened.identity;
    await (isSame ? found : opened).file?.close();
    if (isSame) return;
    opened = found;
    restart();
  }

  async function readOn(file: FileHandle): Promise<void> {
    for (let end = offset + MAX_REFRESH_BYTES; offset < end; ) {
      if (offset >= MAX_PERF_MAP_BYTES) {
        counters.perfMapsTooLong++;
        return;
      }
      const { room } = lines;
      const { bytesRead } = await file.read(room, 0, room.length, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      const last = room.subarray(Math.max(0, bytesRead - TAIL_BYTES), bytesRead);
      tail = Buffer.concat([tail, last]).subarray(-TAIL_BYTES);
      for (const line of lines.take(bytesRead)) addLine(ranges, line);
    }
    counters.perfMapsUnfinished++;
  }

  return {
    get state() {
      return opened.kind === 'open' ? 'read' : opened.kind;
    },
    get length() {
      return ranges.length;
    },
    find: (address) => ranges.find(address),
    restart,
    async refresh(place) {
      if (place) await reopen(place);
      if (opened.kind !== 'open') return;
      if (!(await endsWith(opened.file, offset, tail))) restart();
      const { forgotten } = ranges;
      await readOn(opened.file);
      counters.perfMapNamesForgotten += ranges.forgotten - forgotten;
    },
    async [Symbol.asyncDispose]() {
      await opened.file?.close();
      opened = { kind: 'missing' };
    },
  };
}

/** Whether a file has these bytes before an offset. */
async function endsWith(file: FileHandle, offset: number, tail: Buffer): Promise<boolean> {
  const found = Buffer.alloc(tail.length);
  const { bytesRead } = await file.read(found, 0, tail.length, offset - tail.length);
  return bytesRead === tail.length && found.equals(tail);
}

function addLine(ranges: CodeRanges, line: string): void {
  const [, start, size, name] = LINE.exec(line) ?? [];
  if (start === undefined || size === undefined || name === undefined) return;
  ranges.add(Number.parseInt(start, 16), Number.parseInt(size, 16), name);
}

type OpenedMap =
  | { readonly kind: 'open'; readonly file: FileHandle; readonly identity: string }
  | {
      readonly kind: Exclude<PerfMapState, 'read'>;
      readonly file?: undefined;
      readonly identity?: undefined;
    };

async function openOwned({ path, userId }: PerfMapPlace): Promise<OpenedMap> {
  // A link could lead out of the container.
  const folder = await lstat(dirname(path)).catch(() => undefined);
  if (!folder) return { kind: 'missing' };
  if (!folder.isDirectory()) return { kind: 'behind a link' };
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => error.code ?? '');
  if (typeof file === 'string') return { kind: file === 'ELOOP' ? 'behind a link' : 'missing' };
  const status = await file.stat();
  const isOwn = status.uid === userId || status.uid === 0;
  if (status.isFile() && isOwn) {
    return { kind: 'open', file, identity: `${status.dev}:${status.ino}` };
  }
  await file.close();
  return { kind: isOwn ? 'not a file' : 'of another user' };
}
