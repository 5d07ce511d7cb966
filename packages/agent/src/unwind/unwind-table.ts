import type { KnownCode } from './musl-code.ts';
import { createRuleDictionary, FRAME_POINTER, INVALID, type Rules } from './rule.ts';

/**
 * How to unwind any address of an executable: row `i` holds from `pc[i]` up to `pc[i + 1]`. Sorted;
 * neighbours have different rules; the last row ends what is known.
 */
export interface UnwindTable {
  readonly length: number;
  /** Addresses in the file's own address space less `base`. */
  readonly pc: Uint32Array;
  /** Row in `rules`. */
  readonly rule: Uint16Array;
  readonly rules: Rules;
  /** Address that `pc` counts from: the page of the lowest loaded byte. */
  readonly base: number;
  /** Functions whose description could not be used. */
  readonly skipped: number;
}

/** A run of addresses with rows of its own: one function's description. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Gathers the rows of functions, in any order, into a table. */
export interface UnwindTableBuilder {
  readonly rules: ReturnType<typeof createRuleDictionary>;
  /** Rows so far. */
  readonly length: number;
  /** A row of the function being described. */
  row(address: number, rule: number): void;
  /** Ends the function that holds from `start` to `end`. */
  endFunction(start: number, end: number): void;
  /** Drops the function being described and counts it. */
  skipFunction(): void;
  finish(options: FinishOptions): UnwindTable;
}

export interface FinishOptions {
  readonly base: number;
  /**
   * Whether large stretches without a description are code that keeps frame pointers: V8's embedded
   * built-ins are.
   */
  readonly hasFramePointerGaps: boolean;
  /** Code whose rule is known otherwise, in order of address: taken where no function is described. */
  readonly known: readonly KnownCode[];
}

/** Compilers pad functions to 16 bytes; a larger gap is code without a description. */
const MAX_PADDING = 15;
/** A gap worth the frame-pointer rule. */
const MIN_FRAME_POINTER_GAP = 65_536;
/** Rows of one file: librustc_driver has a million. A bound against hostile files. */
const MAX_ROWS = 8_000_000;

/** An empty table to fill. */
export function createUnwindTableBuilder(): UnwindTableBuilder {
  const rules = createRuleDictionary();
  const ranges: Range[] = [];
  let pcs = new Float64Array(4096);
  let numbers = new Uint16Array(4096);
  let length = 0;
  let first = 0;
  let skipped = 0;

  function push(address: number, rule: number): void {
    if (length === pcs.length) {
      const largerPcs = new Float64Array(length * 2);
      largerPcs.set(pcs);
      pcs = largerPcs;
      const largerNumbers = new Uint16Array(length * 2);
      largerNumbers.set(numbers);
      numbers = largerNumbers;
    }
    pcs[length] = address;
    numbers[length++] = rule;
  }

  const skipFunction = (): void => {
    length = first;
    skipped++;
  };

  return {
    rules,
    get length() {
      return length;
    },
    row(address, rule) {
      if (length > first && pcs[length - 1] === address) numbers[length - 1] = rule;
      else if (length === first || numbers[length - 1] !== rule) push(address, rule);
    },
    endFunction(start, end) {
      if (end <= start || length > MAX_ROWS) skipFunction();
      else ranges.push({ start, end, firstRow: first, lastRow: length });
      first = length;
    },
    skipFunction,
    finish({ base, hasFramePointerGaps, known }) {
      const gapRule = hasFramePointerGaps ? rules.intern(FRAME_POINTER) : 0;
      const filling = known.map(({ start, end, rule }) => ({
        start,
        end,
        rule: rules.intern(rule),
      }));
      const rows = compact({ ranges, pcs, numbers, base, gapRule, filling });
      return { ...rows, rules: rules.finish(), base, skipped };
    },
  };
}

interface Scattered {
  readonly ranges: readonly Range[];
  readonly pcs: Float64Array;
  readonly numbers: Uint16Array;
  readonly base: number;
  /** What holds in large gaps; 0 (invalid) where nothing is known of them. */
  readonly gapRule: number;
  /** Stretches with one rule each, by its number, for gaps. */
  readonly filling: readonly {
    readonly start: number;
    readonly end: number;
    readonly rule: number;
  }[];
}

/** Brings functions into the order of addresses, which files do not keep, and marks gaps. */
function compact({ ranges, pcs, numbers, base, gapRule, filling }: Scattered): {
  readonly length: number;
  readonly pc: Uint32Array;
  readonly rule: Uint16Array;
} {
  const inOrder = ranges.toSorted((a, b) => a.start - b.start);
  const room = 1 + filling.length * 2;
  const capacity = inOrder.reduce(
    (sum, { firstRow, lastRow }) => sum + lastRow - firstRow + 1,
    room,
  );
  const pc = new Uint32Array(capacity);
  const rule = new Uint16Array(capacity);
  let length = 0;
  const push = (address: number, number: number): void => {
    const relative = address - base;
    if (relative < 0 || relative > 0xffff_ffff) return;
    if (length > 0 && pc[length - 1] === relative) length--;
    if (length > 0 && rule[length - 1] === number) return;
    pc[length] = relative;
    rule[length++] = number;
  };
  const fill = createFilling(filling, push);
  let end = Number.POSITIVE_INFINITY;
  for (const range of inOrder) {
    const gap = range.start - end;
    if (gap > MAX_PADDING) push(end, gap > MIN_FRAME_POINTER_GAP ? gapRule : 0);
    fill(end, range.start);
    for (let row = range.firstRow; row < range.lastRow; row++) {
      push(pcs[row] ?? 0, numbers[row] ?? 0);
    }
    end = Number.isFinite(end) ? Math.max(end, range.end) : range.end;
  }
  if (Number.isFinite(end)) push(end, 0);
  fill(end, Number.POSITIVE_INFINITY);
  return { length, pc: pc.slice(0, length), rule: rule.slice(0, length) };
}

/** Puts what fits into one gap after another, which begin at infinity before the first function. */
function createFilling(
  filling: Scattered['filling'],
  push: (address: number, rule: number) => void,
): (from: number, to: number) => void {
  let next = 0;
  return (from, to) => {
    for (let each = filling[next]; each && each.start < to; each = filling[++next]) {
      if ((Number.isFinite(from) && each.start < from) || each.end > to) continue;
      push(each.start, each.rule);
      push(each.end, 0);
    }
  };
}

/** The row that holds at an address of the file's own address space; -1 before the first. */
export function findUnwindRow(table: UnwindTable, address: number): number {
  const wanted = address - table.base;
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((table.pc[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether a row says that nothing is known. */
export function isInvalid(table: UnwindTable, row: number): boolean {
  return row < 0 || table.rules.cfa[table.rule[row] ?? 0] === INVALID.cfa;
}
