import { frameNames } from '../derive/frame-name.ts';
import { formatLabels } from '../labels/labels.ts';
import { float64Column } from '../model/columns.ts';
import { createPairTable } from '../model/pair-table.ts';
import { NONE, type Profile } from '../model/profile.ts';
import { profileTypeId } from '../model/profile-type.ts';

/** What the format calls itself: its `$schema`. */
export const SPEEDSCOPE_SCHEMA = 'https://www.speedscope.app/file-format-schema.json';

/** Units that the format knows; any other is `none`. */
const UNITS: ReadonlySet<string> = new Set([
  'nanoseconds',
  'microseconds',
  'milliseconds',
  'seconds',
  'bytes',
]);

/**
 * The profile as JSON for https://www.speedscope.app, in pieces: one `sampled` profile a series,
 * named `type {labels}`, with each distinct stack once, summed over time.
 * https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
 */
export function* writeSpeedscope(
  profile: Profile,
  { name }: { readonly name: string },
): Iterable<string> {
  const head = { $schema: SPEEDSCOPE_SCHEMA, name, exporter: 'kube-eagle', activeProfileIndex: 0 };
  yield `${JSON.stringify(head).slice(0, -1)},"shared":{"frames":[`;
  yield* joined(framesOf(profile));
  yield ']},"profiles":[';
  const stacksOfSeries = sumBySeries(profile);
  for (let series = 0; series < profile.series.length; series++) {
    if (series > 0) yield ',\n';
    yield* seriesOf(profile, series, stacksOfSeries[series] ?? { stacks: [], values: [] });
  }
  yield ']}\n';
}

interface StackSums {
  readonly stacks: readonly number[];
  readonly values: readonly number[];
}

function* seriesOf(profile: Profile, series: number, sums: StackSums): Iterable<string> {
  const type = profile.series.type[series];
  const sampleUnit = type?.sampleUnit ?? '';
  const head = {
    type: 'sampled',
    name: `${type ? profileTypeId(type) : ''} ${formatLabels(profile.series.labels[series] ?? [])}`,
    unit: UNITS.has(sampleUnit) ? sampleUnit : 'none',
    startValue: 0,
    endValue: sums.values.reduce((sum, value) => sum + value, 0),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"samples":[`;
  yield* joined(pathsOf(profile, sums.stacks));
  yield '],"weights":[';
  yield* joined(sums.values.map(String));
  yield ']}';
}

/** One frame a row of `frames`, and one more for stacks that are not known. */
function* framesOf(profile: Profile): Iterable<string> {
  const { strings, functions, frames } = profile;
  const { names, name, unknown } = frameNames(profile);
  for (let frame = 0; frame < frames.length; frame++) {
    const fn = frames.function[frame] ?? NONE;
    const file = fn === NONE ? '' : (strings[functions.file[fn] ?? 0] ?? '');
    const line = frames.line[frame] ?? 0;
    yield JSON.stringify({
      name: names[name[frame] ?? 0],
      ...(file !== '' && { file }),
      ...(line > 0 && { line }),
    });
  }
  yield JSON.stringify({ name: names[unknown] });
}

function* pathsOf({ stacks, frames }: Profile, rows: readonly number[]): Iterable<string> {
  for (const row of rows) {
    const path: number[] = [];
    if (row === NONE) path.push(frames.length);
    for (let stack = row; stack !== NONE; stack = stacks.parent[stack] ?? NONE) {
      path.push(stacks.frame[stack] ?? 0);
    }
    yield JSON.stringify(path.reverse());
  }
}

function sumBySeries({ series, samples }: Profile): StackSums[] {
  const pairs = createPairTable();
  const sums = float64Column();
  const bySeries = Array.from({ length: series.length }, () => ({
    stacks: [] as number[],
    pairs: [] as number[],
  }));
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row] ?? NONE;
    const pair = pairs.intern(samples.series[row] ?? 0, stack);
    if (pair === sums.length) {
      sums.push(0);
      const own = bySeries[samples.series[row] ?? 0];
      own?.stacks.push(stack);
      own?.pairs.push(pair);
    }
    sums.add(pair, samples.value[row] ?? 0);
  }
  return bySeries.map((own) => ({
    stacks: own.stacks,
    values: own.pairs.map((pair) => sums.get(pair)),
  }));
}

function* joined(parts: Iterable<string>): Iterable<string> {
  let first = true;
  for (const part of parts) {
    yield first ? part : `,${part}`;
    first = false;
  }
}
