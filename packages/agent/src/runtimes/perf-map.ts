import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type CodeRanges, createCodeRanges } from './code-ranges.ts';

/**
 * Names that a runtime writes for code it generated: lines of `start size name`, both numbers in
 * hexadecimal, in /tmp/perf-PID.map (Linux, tools/perf/Documentation/jit-interface.txt). The file
 * grows while the process runs.
 */
export interface PerfMap extends AsyncDisposable {
  readonly ranges: CodeRanges;
  /** Reads what was written since the last time. */
  refresh(): Promise<void>;
}

export interface PerfMapOptions {
  /** The file as the agent reaches it, e.g. `/proc/7/root/tmp/perf-1.map`. */
  readonly path: string;
  /** Owner of the process; a file of anybody else but root is not believed. */
  readonly userId: number;
}

/** Bytes read of one map; what comes after is not looked at. */
export const MAX_PERF_MAP_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 2 ** 18;
const MAX_LINE_BYTES = 4096;

const LINE = /^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) (.+)$/i;

/** The text of a line into a range; false if it is none. */
export function addPerfMapLine(ranges: CodeRanges, line: string): boolean {
  const [, start, size, name] = LINE.exec(line) ?? [];
  if (start === undefined || size === undefined || name === undefined) return false;
  ranges.add(Number.parseInt(start, 16), Number.parseInt(size, 16), name);
  return true;
}

/**
 * Opens a map. `undefined` if there is none or it can't be believed: not a regular file, a symbolic
 * link, or somebody else's.
 */
export async function openPerfMap(options: PerfMapOptions): Promise<PerfMap | undefined> {
  const file = await openOwned(options);
  if (!file) return undefined;
  const ranges = createCodeRanges();
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let offset = 0;
  let rest = '';

  async function readOn(): Promise<void> {
    while (offset < MAX_PERF_MAP_BYTES) {
      const { bytesRead } = await (file as FileHandle).read(buffer, 0, CHUNK_BYTES, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_BYTES);
      for (const line of lines) addPerfMapLine(ranges, line.slice(0, MAX_LINE_BYTES));
    }
  }

  return {
    ranges,
    refresh: readOn,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openOwned({ path, userId }: PerfMapOptions): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (!file) return undefined;
  const status = await file.stat();
  if (status.isFile() && (status.uid === userId || status.uid === 0)) return file;
  await file.close();
  return undefined;
}
