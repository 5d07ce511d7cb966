import { FRAME_KINDS, type Profile, QUALITY_COUNTS, truncationCause } from '@kube-eagle/profile';
import type { Metrics } from '../telemetry.ts';

const MARKER = FRAME_KINDS.indexOf('abort-marker');

/** Counts how far a batch can be trusted: its stacks by their quality, the cut ones by their cause. */
export function countStacks(profile: Profile, { stacks, stacksCut }: Metrics): void {
  for (const name of QUALITY_COUNTS) {
    const column = profile.quality[name];
    stacks.inc(
      { quality: name },
      column.reduce((sum, count) => sum + count, 0),
    );
  }
  for (const [cause, count] of cutByCause(profile)) stacksCut.inc({ cause }, count);
}

/** Stacks below a marker: what a sample's value is in periods. */
function cutByCause(profile: Profile): ReadonlyMap<string, number> {
  const { samples, series } = profile;
  const causes = causeOfStacks(profile);
  const counts = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const cause = causes[samples.stack[row] ?? -1];
    if (cause === undefined) continue;
    const period = series.period[samples.series[row] ?? 0] || 1;
    counts.set(cause, (counts.get(cause) ?? 0) + (samples.value[row] ?? 0) / period);
  }
  return counts;
}

/** By row of `stacks`, the cause that the marker at its root tells. */
function causeOfStacks({ stacks, frames, functions, strings }: Profile) {
  const causes: (string | undefined)[] = [];
  for (let row = 0; row < stacks.length; row++) {
    const parent = stacks.parent[row] ?? -1;
    const frame = stacks.frame[row] ?? 0;
    if (parent >= 0) causes.push(causes[parent]);
    else if (frames.kind[frame] !== MARKER) causes.push(undefined);
    else {
      const name = strings[functions.name[frames.function[frame] ?? -1] ?? 0] ?? '';
      causes.push(truncationCause(name) ?? 'other');
    }
  }
  return causes;
}
