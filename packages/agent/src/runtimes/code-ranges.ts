import { lastAtOrBefore } from '../elf/last-at-or-before.ts';

/** Named stretches of memory that come one after another; a later one replaces what it overlaps. */
export interface CodeRanges {
  /** Ranges kept. */
  readonly length: number;
  /** Ranges given up, the oldest first, because there were {@link MAX_RANGES}. */
  readonly forgotten: number;
  add(start: number, size: number, name: string): void;
  /** The name of the newest range that holds an address. */
  find(address: number): string | undefined;
}

/** A busy Node process writes some ten thousand an hour, most of them where older ones were. */
export const MAX_RANGES = 200_000;
/** Fewer are not worth looking for those that newer ones cover. */
const FEW_RANGES = 2_000;

/** An empty set of ranges. Adding costs O(1) as a rule; the first look-up after it sorts. */
export function createCodeRanges(): CodeRanges {
  const starts: number[] = [];
  const ends: number[] = [];
  const names: string[] = [];
  let forgotten = 0;
  /** Ranges at which those that are covered are left out the next time. */
  let enough = FEW_RANGES;
  let flat: Segments | undefined;

  function keep(isKept: (range: number) => boolean): void {
    let kept = 0;
    for (let range = 0; range < names.length; range++) {
      if (!isKept(range)) continue;
      starts[kept] = starts[range] ?? 0;
      ends[kept] = ends[range] ?? 0;
      names[kept++] = names[range] ?? '';
    }
    starts.length = ends.length = names.length = kept;
    flat = undefined;
  }

  /** Leaves out what newer ranges cover and then, of as many as may be, the oldest quarter. */
  function makeRoom(): void {
    const seen = new Set(flatten(starts, ends).range);
    keep((range) => seen.has(range));
    if (names.length >= MAX_RANGES) {
      const oldest = names.length >> 2;
      keep((range) => range >= oldest);
      forgotten += oldest;
    }
    enough = Math.min(MAX_RANGES, Math.max(FEW_RANGES, 2 * names.length));
  }

  return {
    get length() {
      return names.length;
    },
    get forgotten() {
      return forgotten;
    },
    add(start, size, name) {
      if (!(size > 0) || !Number.isFinite(start + size)) return;
      if (names.length >= enough) makeRoom();
      starts.push(start);
      ends.push(start + size);
      names.push(name);
      flat = undefined;
    },
    find(address) {
      flat ??= flatten(starts, ends);
      const row = lastAtOrBefore(flat.start, address);
      const range = flat.range[row] ?? -1;
      return range < 0 ? undefined : names[range];
    },
  };
}

/** Ranges cut into stretches that do not overlap, sorted. */
interface Segments {
  readonly start: Float64Array;
  /** Which range holds from here to the next row; -1 for none. */
  readonly range: Int32Array;
}

/** Sweeps over the edges with the ranges open at each in a heap, the newest on top. */
function flatten(starts: readonly number[], ends: readonly number[]): Segments {
  const byStart = starts
    .map((_, range) => range)
    .sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
  const start: number[] = [];
  const range: number[] = [];
  const open = createHeap();
  const emit = (at: number): void => {
    const newest = open.top();
    if (range.at(-1) === newest) return;
    if (start.at(-1) === at) {
      range[range.length - 1] = newest;
      return;
    }
    start.push(at);
    range.push(newest);
  };
  const closeUntil = (at: number): void => {
    for (let newest = open.top(); newest >= 0; newest = open.top()) {
      const end = ends[newest] ?? 0;
      if (end > at) return;
      open.pop();
      while (open.top() >= 0 && (ends[open.top()] ?? 0) <= end) open.pop();
      emit(end);
    }
  };
  for (const next of byStart) {
    const at = starts[next] ?? 0;
    closeUntil(at);
    open.push(next);
    emit(at);
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return { start: Float64Array.from(start), range: Int32Array.from(range) };
}

interface Heap {
  /** The largest; -1 if there is none. */
  top(): number;
  push(value: number): void;
  pop(): void;
}

/** A binary heap of integers, the largest on top. */
function createHeap(): Heap {
  const values: number[] = [];
  const at = (index: number): number => values[index] ?? -1;
  const swap = (a: number, b: number): void => {
    [values[a], values[b]] = [at(b), at(a)];
  };
  return {
    top: () => at(0),
    push(value) {
      let index = values.push(value) - 1;
      while (index > 0 && at((index - 1) >> 1) < at(index)) {
        swap(index, (index - 1) >> 1);
        index = (index - 1) >> 1;
      }
    },
    pop() {
      swap(0, values.length - 1);
      values.pop();
      for (let index = 0; ; ) {
        const left = 2 * index + 1;
        const larger = at(left + 1) > at(left) ? left + 1 : left;
        if (at(larger) <= at(index)) return;
        swap(index, larger);
        index = larger;
      }
    },
  };
}
