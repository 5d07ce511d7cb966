import { createProblems, type Parsed } from '@kube-eagle/profile/parsed';

/** A stretch of a process's memory that may be executed, as one line of /proc/PID/maps has it. */
export interface CodeMapping {
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** Where in the file it begins, in bytes. */
  readonly offset: number;
  /** `major:minor` of the file system, in hexadecimal. */
  readonly device: string;
  /** 0 where no file is mapped. */
  readonly inode: number;
  /** Path in the process's mount namespace, `[vdso]` and the like, or empty. */
  readonly path: string;
  /** The file has been removed or replaced since. */
  readonly isDeleted: boolean;
}

/** Mappings of one process that are kept. */
export const MAX_CODE_MAPPINGS = 4096;

const LINE =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) [r-][w-]([x-])[ps] ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;
const RESERVE = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ---p 0+ 0+:0+ 0 *$/;
/** HotSpot reserves 240 MB for its code; guards of WebAssembly take gigabytes. */
const MAX_RESERVE_BYTES = 256 * 2 ** 20;
const DELETED = ' (deleted)';

/** Addresses above are not user space, and would not be exact as numbers. */
const MAX_USER_ADDRESS = 2 ** 52;

/**
 * The executable mappings of /proc/PID/maps (proc_pid_maps(5)), in order of address, at most
 * {@link MAX_CODE_MAPPINGS}. Neighbours without a file become one: just-in-time compilers map
 * thousands of them. What is reserved right behind belongs to them: there their code grows into, and
 * nobody tells.
 */
export function parseMaps(text: string): Parsed<readonly CodeMapping[]> {
  const problems = createProblems();
  const mappings: CodeMapping[] = [];
  for (const line of text.split('\n')) {
    if (line !== '' && !add(mappings, line)) {
      problems.add(`expected the next mapping, got ${JSON.stringify(line.slice(0, 80))}`);
    }
  }
  const dropped = mappings.length - MAX_CODE_MAPPINGS;
  if (dropped > 0) problems.add(`kept ${MAX_CODE_MAPPINGS} mappings, dropped ${dropped}`);
  return { value: mappings.slice(0, MAX_CODE_MAPPINGS), problems: problems.list() };
}

/** Adds what a line says to the mappings before it; false where that makes no sense. */
function add(mappings: CodeMapping[], line: string): boolean {
  const mapping = parseLine(line);
  const last = mappings.at(-1);
  if (mapping === 'not code') {
    if (last) mappings.splice(-1, 1, withReserve(last, line));
  } else if (!mapping || (last && mapping.start < last.end)) return false;
  else if (last && continues(last, mapping)) mappings.splice(-1, 1, { ...last, end: mapping.end });
  else mappings.push(mapping);
  return true;
}

const isAnonymous = (mapping: CodeMapping): boolean => mapping.inode === 0 && mapping.path === '';

const continues = (last: CodeMapping, next: CodeMapping): boolean =>
  last.end === next.start && isAnonymous(last) && isAnonymous(next);

/** A mapping with what a line reserves right behind it, if it is anonymous; else as it is. */
function withReserve(last: CodeMapping, line: string): CodeMapping {
  const [, start = '', end = ''] = (isAnonymous(last) && RESERVE.exec(line)) || [];
  if (Number.parseInt(start, 16) !== last.end) return last;
  const reserved = Number.parseInt(end, 16) - last.end;
  return { ...last, end: last.end + Math.max(0, Math.min(reserved, MAX_RESERVE_BYTES)) };
}

function parseLine(line: string): CodeMapping | 'not code' | undefined {
  const parts = LINE.exec(line);
  if (!parts) return undefined;
  const [, start = '', end = '', execute = '', offset = '', device = '', inode = '', name = ''] =
    parts;
  const mapping = {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    offset: Number.parseInt(offset, 16),
    device,
    inode: Number(inode),
  };
  // The legacy vsyscall page of x86 lies above all of user space and holds nothing to see.
  if (execute !== 'x' || mapping.end > MAX_USER_ADDRESS) return 'not code';
  if (mapping.start >= mapping.end) return undefined;
  const isDeleted = name.endsWith(DELETED);
  const path = unescapePath(isDeleted ? name.slice(0, -DELETED.length) : name);
  return { ...mapping, path, isDeleted };
}

/** The kernel writes a newline in a path as `\012`. */
const unescapePath = (path: string): string => path.replaceAll('\\012', '\n');
