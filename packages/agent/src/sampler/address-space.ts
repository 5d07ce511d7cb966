import { PF, type Segment } from '../elf/elf-file.ts';
import type { CodeMapping } from '../proc/maps.ts';
import type { CodeFile, ExecutableTable } from './executable-table.ts';

/** The largest page that files are linked for; a smaller one gives the same segment. */
const PAGE_BYTES = 4096;

/** A stretch of a process's code. */
export interface CodeRange {
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** Absent for anonymous memory, where a just-in-time compiler writes. */
  readonly file: CodeFile | undefined;
  /** Address in memory less address in the file; 0 for anonymous memory. */
  readonly bias: number;
}

/** The code ranges of a process by its mappings, in the order of these. */
export function codeRanges(
  pid: number,
  mappings: readonly CodeMapping[],
  executables: ExecutableTable,
): readonly CodeRange[] {
  return mappings.map((mapping) => {
    const { start, end } = mapping;
    const file = executables.see(pid, mapping);
    const bias = file && biasOf(file.segments, mapping);
    return bias === undefined
      ? { start, end, file: undefined, bias: 0 }
      : { start, end, file, bias };
  });
}

/**
 * What to take from an address in memory to get the file's own, for a mapping of the file that
 * begins at `start` in memory and at `offset` in the file; `undefined` where no segment is there.
 */
export function biasOf(
  segments: readonly Segment[],
  { start, offset }: Pick<CodeMapping, 'start' | 'offset'>,
): number | undefined {
  // A mapping begins at a page, a segment anywhere in it: the one before may end in the same page,
  // and only what may be executed is code.
  const pageOf = (each: Segment): number => each.offset - (each.offset % PAGE_BYTES);
  const holding = segments.filter(
    (each) => offset >= pageOf(each) && offset < each.offset + each.fileSize,
  );
  const code = holding.filter(({ flags }) => flags & PF.execute);
  const segment = code.find((each) => pageOf(each) === offset) ?? code[0] ?? holding[0];
  return segment && start - (offset - segment.offset + segment.address);
}

/** The range an address lies in, by binary search. */
export function findRange(ranges: readonly CodeRange[], address: number): CodeRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.start ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && address < range.end ? range : undefined;
}
