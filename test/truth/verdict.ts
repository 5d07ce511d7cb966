import type { Program } from './programs.ts';
import { record } from './record.ts';
import type { Tally } from './tally.ts';

/** What the suite asks for, in percent and points. */
const LEAST_WHOLE = 99.5;
const LEAST_THROUGH = 90;
const MOST_OFF = 2;
/** Thousands of samples are right within two points unless the CPUs are taken; then they are again. */
const TRIES = 3;

/** What a tally comes to, in percent of its samples or frames. */
export interface Figures {
  readonly samples: number;
  readonly whole: number;
  /** Points that the larger share is off; `undefined` where functions have no names. */
  readonly off: number | undefined;
  /** Stacks that go through the functions they ought to. */
  readonly through: number;
  readonly unnamed: number;
}

export function figuresOf({ through }: Program, tally: Tally): Figures {
  const { samples, cut, seventy, thirty, frames, unnamed } = tally;
  const strays = [...tally.strays.values()].reduce((sum, count) => sum + count, 0);
  return {
    samples,
    whole: 100 - (100 * cut) / samples,
    off: through.length > 0 ? Math.abs((100 * seventy) / (seventy + thirty) - 70) : undefined,
    through: 100 - (100 * strays) / samples,
    unnamed: (100 * unnamed) / frames,
  };
}

/** What is not as it ought to be; empty where all is. */
export function faultsOf(program: Program, tally: Tally): readonly string[] {
  const { samples, whole, off = 0, through } = figuresOf(program, tally);
  const [stray = ''] = [...tally.strays].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  const checks: readonly (readonly [boolean, string])[] = [
    [samples > 0, 'expected samples'],
    [whole >= LEAST_WHOLE, `expected ${LEAST_WHOLE} % of the stacks whole, got ${whole} %`],
    [off <= MOST_OFF, `expected shares within ${MOST_OFF} points, one is off by ${off}`],
    [
      through >= LEAST_THROUGH,
      `expected ${LEAST_THROUGH} % of the stacks through ${program.through.join(', ')}, got ${through} %; others go ${stray}`,
    ],
  ];
  return checks.filter(([isRight]) => !isRight).map(([, fault]) => fault);
}

/** Records programs, and those whose shares are off again. */
export async function recordUntilRight(programs: readonly Program[]): Promise<Map<Program, Tally>> {
  const tallies = new Map<Program, Tally>();
  let wrong = programs;
  for (let tries = 0; wrong.length > 0 && tries < TRIES; tries++) {
    for (const [program, tally] of await record(wrong)) tallies.set(program, tally);
    wrong = wrong.filter((each) => {
      const tally = tallies.get(each);
      return tally && (figuresOf(each, tally).off ?? 0) > MOST_OFF;
    });
  }
  return tallies;
}

const HEAD = ['program', 'stacks', 'whole, %', 'share off, points', 'unnamed frames, %'];

/** The figures as a table in Markdown. */
export function drawTable(tallies: ReadonlyMap<Program, Tally>): string {
  const rows = Array.from(tallies, ([program, tally]) => {
    const { samples, whole, off, unnamed } = figuresOf(program, tally);
    const share = off === undefined ? '–' : off.toFixed(1);
    return [program.name, String(samples), whole.toFixed(2), share, unnamed.toFixed(1)];
  });
  const widths = HEAD.map((_, column) =>
    Math.max(...[HEAD, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width, column) => (column === 0 ? '-' : ':').padStart(width, '-'));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => padded(cell, column, widths[column] ?? 0)).join(' | ')} |`;
  return [HEAD, rule, ...rows].map(line).join('\n');
}

/** Names begin on the left, numbers end on the right. */
const padded = (cell: string, column: number, width: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
