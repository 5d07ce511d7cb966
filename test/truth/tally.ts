import { labelValue, NONE, type Profile } from '@kube-eagle/profile';

/** What was seen of one program. */
export interface Tally {
  samples: number;
  /** Stacks that were not walked to their end. */
  cut: number;
  /** Stacks below each of the two functions that share the time. */
  seventy: number;
  thirty: number;
  frames: number;
  /** Frames without a name. */
  unnamed: number;
  /** Stacks that do not go through the functions they ought to, by their text. */
  readonly strays: Map<string, number>;
}

export function createTally(): Tally {
  return { samples: 0, cut: 0, seventy: 0, thirty: 0, frames: 0, unnamed: 0, strays: new Map() };
}

const UNNAMED = '?';
/** What frames say whose names could not be had. */
const REASON = /^\[(?:jit|python): /;

/** Names of a stack's frames, the root first, without parameters. */
function pathOf({ stacks, frames, functions, strings }: Profile, stack: number): readonly string[] {
  const path: string[] = [];
  for (let row = stack; row >= 0; row = stacks.parent[row] ?? NONE) {
    const fn = frames.function[stacks.frame[row] ?? 0] ?? NONE;
    path.push(fn < 0 ? UNNAMED : (strings[functions.name[fn] ?? 0] ?? UNNAMED));
  }
  return path.reverse();
}

/** Whether names occur in a path in their order. */
function goesThrough(path: readonly string[], names: readonly RegExp[]): boolean {
  let at = 0;
  for (const frame of path) if (names[at]?.test(frame)) at++;
  return at === names.length;
}

/** A name, which its parameters, version or place may follow. */
const nameOf = (name: string): RegExp => new RegExp(`^(?:${name})(?:[(<@ ]|$)`);

/** Adds the stacks of one series of a profile, known by its process, to what was seen. */
export function addProfile(
  tally: Tally,
  profile: Profile,
  { process, through }: { readonly process: string; readonly through: readonly string[] },
): void {
  const { series, samples, quality } = profile;
  const row = series.labels.findIndex((labels) => labelValue(labels, 'process') === process);
  for (let at = 0; at < quality.length; at++) {
    if (quality.series[at] !== row) continue;
    tally.samples += quality.taken[at] ?? 0;
    tally.cut += quality.truncated[at] ?? 0;
  }
  const wanted = through.map(nameOf);
  for (let at = 0; at < samples.length; at++) {
    if (samples.series[at] !== row) continue;
    const count = (samples.value[at] ?? 0) / (series.period[row] ?? 1);
    addStack(tally, pathOf(profile, samples.stack[at] ?? NONE), { count, wanted });
  }
}

function addStack(
  tally: Tally,
  path: readonly string[],
  { count, wanted }: { readonly count: number; readonly wanted: readonly RegExp[] },
): void {
  const text = path.join(';');
  if (/\bspend_seventy\b/.test(text)) tally.seventy += count;
  if (/\bspend_thirty\b/.test(text)) tally.thirty += count;
  tally.frames += count * path.length;
  tally.unnamed += count * path.filter((name) => name === UNNAMED || REASON.test(name)).length;
  if (!goesThrough(path, wanted)) tally.strays.set(text, (tally.strays.get(text) ?? 0) + count);
}
