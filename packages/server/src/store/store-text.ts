import {
  CPU,
  createProfileBuilder,
  FRAME_KINDS,
  formatLabels,
  labelsOf,
  NONE,
  type Profile,
  type ProfileBuilder,
  type ProfileType,
  profileTypeId,
  QUALITY_COUNTS,
  qualityCounts,
  type StackId,
} from '@kube-eagle/profile';
import type { StoredSeries, TimelineGroup } from './profile-store.ts';

/** Bytes allocated: a second type beside CPU, for tests. */
export const ALLOCATIONS: ProfileType = {
  name: 'memory',
  sampleType: 'alloc_space',
  sampleUnit: 'bytes',
  periodType: 'space',
  periodUnit: 'bytes',
};

const TYPES: Readonly<Record<string, ProfileType>> = { cpu: CPU, alloc: ALLOCATIONS };

/**
 * A batch of lines, for tests: `1000 cpu pod=a,node=n main;work 3` is a sample of 3 at 1000 ms,
 * `1000 cpu pod=a quality 10 1 2 3 4` that many stacks, in the order of `QUALITY_COUNTS`. `-` is no
 * labels, or no stack.
 */
export function batchOf(...lines: readonly string[]): Profile {
  const builder = createProfileBuilder();
  for (const line of lines) {
    const [time = '', type = '', labels = '', stack = '', ...numbers] = line.split(' ');
    const timeMs = Number(time);
    const series = builder.series(
      labelsOf(labels.split(',').map((label) => pairOf(label))),
      TYPES[type] ?? CPU,
    );
    const [value = 0] = numbers.map(Number);
    if (stack === 'quality') {
      const count = (i: number): number => Number(numbers[i] ?? 0);
      builder.quality({
        timeMs,
        series,
        ...qualityCounts((name) => count(QUALITY_COUNTS.indexOf(name))),
      });
    } else {
      builder.sample({ timeMs, series, stack: stackOf(builder, stack), value });
    }
  }
  return builder.finish();
}

function pairOf(label: string): [string, string] {
  const [name = '', value = ''] = label.split('=');
  return [name, value];
}

function stackOf(builder: ProfileBuilder, folded: string): StackId | typeof NONE {
  let stack: StackId | typeof NONE = NONE;
  if (folded === '-') return stack;
  for (const name of folded.split(';')) {
    stack = builder.stack(stack, builder.frame({ function: builder.function(name) }));
  }
  return stack;
}

/** A merged profile as sorted lines such as `cpu main;work 3` and `cpu quality 10 1 2 3 4`. */
export function drawMerge(profile: Profile, frame = frameName): string[] {
  const { series, samples, quality } = profile;
  const typeOf = (row = 0): string => typeName(series.type[row]);
  const lines = Array.from(samples.value.entries()).map(([row, value]) => {
    const path: string[] = [];
    let stack = samples.stack[row] ?? NONE;
    for (; stack >= 0; stack = profile.stacks.parent[stack] ?? NONE) {
      path.push(frame(profile, profile.stacks.frame[stack] ?? 0));
    }
    return `${typeOf(samples.series[row])} ${path.reverse().join(';') || '-'} ${value}`;
  });
  for (const [row, of] of quality.series.entries()) {
    const counts = QUALITY_COUNTS.map((name) => quality[name][row]);
    if (counts.every((count) => count === 0)) continue;
    lines.push(`${typeOf(of)} quality ${counts.join(' ')}`);
  }
  return lines.sort((a, b) => (a < b ? -1 : 1));
}

function typeName(type: ProfileType = CPU): string {
  const id = profileTypeId(type);
  return Object.keys(TYPES).find((name) => profileTypeId(TYPES[name] ?? CPU) === id) ?? id;
}

function frameName({ strings, functions, frames }: Profile, frame: number): string {
  const fn = frames.function[frame] ?? NONE;
  return fn < 0 ? '?' : (strings[functions.name[fn] ?? 0] ?? '');
}

/** All there is to know of a frame: `name file:line0 path build+address:line kind inlined`. */
export function drawFrame(profile: Profile, frame: number): string {
  const { strings, functions, mappings, frames } = profile;
  const fn = frames.function[frame] ?? NONE;
  const mapping = frames.mapping[frame] ?? NONE;
  const text = (row = 0): string => strings[row] ?? '';
  return [
    fn < 0 ? '?' : text(functions.name[fn]),
    fn < 0 ? '?' : `${text(functions.file[fn])}:${functions.startLine[fn]}`,
    mapping < 0 ? '?' : `${text(mappings.file[mapping])} ${text(mappings.buildId[mapping])}`,
    `${(frames.address[frame] ?? 0).toString(16)}:${frames.line[frame]}`,
    FRAME_KINDS[frames.kind[frame] ?? 0],
    frames.inlined[frame],
  ].join('|');
}

/** Series as lines such as `cpu {pod="a"}`. */
export function drawSeries(series: readonly StoredSeries[]): string[] {
  return series.map(({ type, labels }) => `${typeName(type)} ${formatLabels(labels)}`);
}

/** Groups as lines such as `{pod="a"} 0 3 1`. */
export function drawTimeline(groups: readonly TimelineGroup[]): string[] {
  return groups.map(({ labels, values }) => `${formatLabels(labels)} ${values.join(' ')}`);
}
