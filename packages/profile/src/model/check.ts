import { FRAME_KINDS, NONE, type Profile } from './profile.ts';
import { QUALITY_COUNTS } from './quality.ts';

/**
 * Proves that every index of a profile is a row of its table, that parents come before children,
 * that columns are as long as their table, and that values are finite. Called after a decode and
 * before an encode, so that loops in between may trust their columns. O(rows).
 *
 * Gives the problems found, at most one a column; none means the profile is sound.
 */
export function checkProfile(profile: Profile): readonly string[] {
  const { strings, functions, mappings, frames, stacks, series, samples, quality } = profile;
  const text = { least: 0, below: strings.length };
  const check = createChecker();
  if (strings[0] !== '') check.problem('strings: row 0 is not the empty string');
  check.rows('functions.name', functions.name, functions.length, text);
  check.rows('functions.file', functions.file, functions.length, text);
  check.rows('functions.startLine', functions.startLine, functions.length);
  check.rows('mappings.file', mappings.file, mappings.length, text);
  check.rows('mappings.buildId', mappings.buildId, mappings.length, text);
  check.rows('frames.function', frames.function, frames.length, {
    least: NONE,
    below: functions.length,
  });
  check.rows('frames.mapping', frames.mapping, frames.length, {
    least: NONE,
    below: mappings.length,
  });
  check.finite('frames.address', frames.address, frames.length);
  check.rows('frames.line', frames.line, frames.length);
  check.rows('frames.kind', frames.kind, frames.length, { least: 0, below: FRAME_KINDS.length });
  check.rows('frames.inlined', frames.inlined, frames.length, { least: 0, below: 2 });
  check.rows('stacks.frame', stacks.frame, stacks.length, { least: 0, below: frames.length });
  check.parents('stacks.parent', stacks.parent, stacks.length);
  if (series.labels.length !== series.length || series.type.length !== series.length) {
    check.problem(`series: expected ${series.length} labels and types`);
  }
  check.finite('series.period', series.period, series.length);
  const seriesRow = { least: 0, below: series.length };
  check.finite('samples.timeMs', samples.timeMs, samples.length);
  check.rows('samples.series', samples.series, samples.length, seriesRow);
  check.rows('samples.stack', samples.stack, samples.length, { least: NONE, below: stacks.length });
  check.finite('samples.value', samples.value, samples.length);
  check.rows('quality.series', quality.series, quality.length, seriesRow);
  for (const name of ['timeMs', ...QUALITY_COUNTS] as const) {
    check.finite(`quality.${name}`, quality[name], quality.length);
  }
  return check.problems;
}

interface Range {
  readonly least: number;
  readonly below: number;
}

const ANY_ROW: Range = { least: -0x80000000, below: 0x80000000 };

function createChecker() {
  const problems: string[] = [];
  const problem = (text: string): void => {
    problems.push(text);
  };
  const long = (name: string, length: number, expected: number): boolean => {
    if (length === expected) return true;
    problem(`${name}: expected ${expected} rows, got ${length}`);
    return false;
  };
  return {
    problems,
    problem,
    rows(
      name: string,
      column: Int32Array | Uint8Array,
      expected: number,
      { least, below }: Range = ANY_ROW,
    ): void {
      if (!long(name, column.length, expected)) return;
      for (let row = 0; row < expected; row++) {
        const value = column[row] ?? 0;
        if (value >= least && value < below) continue;
        problem(`${name}: row ${row} is ${value}, expected ${least} to ${below - 1}`);
        return;
      }
    },
    parents(name: string, column: Int32Array, expected: number): void {
      if (!long(name, column.length, expected)) return;
      for (let row = 0; row < expected; row++) {
        const parent = column[row] ?? 0;
        if (parent >= NONE && parent < row) continue;
        problem(`${name}: row ${row} is ${parent}, expected -1 to ${row - 1}`);
        return;
      }
    },
    finite(name: string, column: Float64Array, expected: number): void {
      if (!long(name, column.length, expected)) return;
      for (let row = 0; row < expected; row++) {
        if (Number.isFinite(column[row] ?? 0)) continue;
        problem(`${name}: row ${row} is ${column[row]}, expected a finite number`);
        return;
      }
    },
  };
}
