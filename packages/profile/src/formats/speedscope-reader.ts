import { type Labels, labelsOf } from '../labels/labels.ts';
import { parseSelector } from '../labels/parse-selector.ts';
import { createProfileBuilder, type ProfileBuilder } from '../model/builder.ts';
import { messageOf } from '../model/error.ts';
import { createProblems, type Parsed, type Problems } from '../model/parsed.ts';
import { type FrameId, NONE, type Profile, type SeriesId, type StackId } from '../model/profile.ts';
import { type ProfileType, parseProfileTypeId } from '../model/profile-type.ts';
import { MAX_DEPTH, SAMPLES } from './folded.ts';

/**
 * Reads a speedscope file, `sampled` and `evented` profiles, one series each. Times become
 * nanoseconds. Names that {@link writeSpeedscope} made give their type and labels back; any other
 * name becomes the label `profile`. The whole file is in memory, about ten times its size.
 * https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
 */
export function readSpeedscope(file: string | Uint8Array): Parsed<Profile> {
  const builder = createProfileBuilder();
  const problems = createProblems();
  const root = parseJson(file, problems);
  const frames = list(object(root['shared'])['frames']).map((frame) => addFrame(builder, frame));
  const profiles = list(root['profiles']);
  if (profiles.length === 0) problems.add('expected a speedscope file with "profiles", got none');
  for (const [at, entry] of profiles.entries()) {
    const place = `profile ${at}`;
    const { type, labels, scale } = identity(object(entry));
    const target = {
      builder,
      frames,
      series: builder.series(labels, type),
      scale,
      problems,
      place,
    };
    const kind = object(entry)['type'];
    if (kind === 'sampled') readSampled(object(entry), target);
    else if (kind === 'evented') readEvented(object(entry), target);
    else problems.add(`${place}: expected type sampled or evented, got ${shown(kind)}`);
  }
  return { value: builder.finish(), problems: problems.list() };
}

/** Where the stacks of one profile of the file go. */
interface Target {
  readonly builder: ProfileBuilder;
  readonly frames: readonly FrameId[];
  readonly series: SeriesId;
  /** Factor from the file's unit to ours. */
  readonly scale: number;
  readonly problems: Problems;
  readonly place: string;
}

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40);
}

function parseJson(file: string | Uint8Array, problems: Problems): Json {
  try {
    return object(JSON.parse(typeof file === 'string' ? file : new TextDecoder().decode(file)));
  } catch (error) {
    problems.add(`expected JSON: ${messageOf(error)}`);
    return {};
  }
}

function addFrame(builder: ProfileBuilder, entry: unknown): FrameId {
  const { name, file, line } = object(entry);
  const known = Number.isInteger(line) && (line as number) > 0 && (line as number) < 2 ** 31;
  return builder.frame({
    function: builder.function(text(name), text(file)),
    line: known ? (line as number) : 0,
  });
}

const TIME: ProfileType = {
  name: 'samples',
  sampleType: 'time',
  sampleUnit: 'nanoseconds',
  periodType: '',
  periodUnit: '',
};

const SPACE: ProfileType = { ...TIME, sampleType: 'space', sampleUnit: 'bytes' };

const UNITS: Readonly<Record<string, { readonly type: ProfileType; readonly scale: number }>> = {
  none: { type: SAMPLES, scale: 1 },
  nanoseconds: { type: TIME, scale: 1 },
  microseconds: { type: TIME, scale: 1e3 },
  milliseconds: { type: TIME, scale: 1e6 },
  seconds: { type: TIME, scale: 1e9 },
  bytes: { type: SPACE, scale: 1 },
};

function identity(entry: Json) {
  const name = text(entry['name']);
  const own = ownName(name);
  if (own) return { ...own, scale: 1 };
  const unit = UNITS[text(entry['unit'])] ?? { type: SAMPLES, scale: 1 };
  return { ...unit, labels: labelsOf([['profile', name]]) };
}

/** Type and labels of a name that was written as `type {labels}`. */
function ownName(name: string): { type: ProfileType; labels: Labels } | undefined {
  const space = name.indexOf(' {');
  const type = space < 0 ? undefined : parseProfileTypeId(name.slice(0, space));
  if (!type) return undefined;
  try {
    const labels = parseSelector(name.slice(space + 1));
    return { type, labels: labelsOf(labels.map(({ name: key, value }) => [key, value])) };
  } catch {
    return undefined;
  }
}

function readSampled(entry: Json, target: Target): void {
  const { builder, series, scale, problems, place } = target;
  const samples = list(entry['samples']);
  const weights = list(entry['weights']);
  if (samples.length !== weights.length) {
    problems.add(`${place}: ${samples.length} samples and ${weights.length} weights`);
  }
  for (let at = 0; at < Math.min(samples.length, weights.length); at++) {
    const value = weights[at];
    const stack = stackOf(list(samples[at]), at, target);
    if (stack === undefined) continue;
    if (typeof value !== 'number' || !Number.isFinite(value * scale)) {
      problems.add(`${place}, sample ${at}: expected a number as weight, got ${shown(value)}`);
      continue;
    }
    builder.sample({ timeMs: 0, series, stack, value: value * scale });
  }
}

function stackOf(path: readonly unknown[], at: number, target: Target) {
  const { builder, frames, problems, place } = target;
  if (path.length > MAX_DEPTH) {
    problems.add(`${place}, sample ${at}: more than ${MAX_DEPTH} frames, the rest is left out`);
  }
  let stack: StackId | typeof NONE = NONE;
  for (const index of path.slice(0, MAX_DEPTH)) {
    const frame = frames[index as number];
    if (frame === undefined) {
      problems.add(`${place}, sample ${at}: there is no frame ${shown(index)}`);
      return undefined;
    }
    stack = builder.stack(stack, frame);
  }
  return stack;
}

/** A call that is open, and the stack down to it. */
interface OpenCall {
  readonly frame: FrameId;
  readonly stack: StackId;
}

function readEvented(entry: Json, target: Target): void {
  const { builder, frames, series, scale, problems, place } = target;
  const open: OpenCall[] = [];
  let before = typeof entry['startValue'] === 'number' ? entry['startValue'] : undefined;
  for (const [at, item] of list(entry['events']).entries()) {
    const event = eventOf(item, frames);
    if (!event) {
      problems.add(`${place}, event ${at}: expected type O or C, a frame and a time`);
      continue;
    }
    const value = (event.at - (before ?? event.at)) * scale;
    const stack = open.at(-1)?.stack;
    const ordered = value >= 0 && Number.isFinite(value);
    if (!ordered) problems.add(`${place}, event ${at}: out of order`);
    else if (value > 0 && stack !== undefined) {
      builder.sample({ timeMs: 0, series, stack, value });
    }
    before = event.at;
    const problem = event.opens ? enter(open, event.frame, builder) : leave(open, event.frame);
    if (problem !== undefined) problems.add(`${place}, event ${at}: ${problem}`);
  }
}

function eventOf(entry: unknown, frames: readonly FrameId[]) {
  const { type, at, frame: index } = object(entry);
  const frame = frames[index as number];
  if (typeof at !== 'number' || frame === undefined || (type !== 'O' && type !== 'C')) {
    return undefined;
  }
  return { opens: type === 'O', frame, at };
}

function enter(open: OpenCall[], frame: FrameId, builder: ProfileBuilder): string | undefined {
  const above = open.at(-1)?.stack ?? NONE;
  const deep = open.length >= MAX_DEPTH;
  open.push({ frame, stack: deep && above !== NONE ? above : builder.stack(above, frame) });
  return deep ? `more than ${MAX_DEPTH} frames, the rest is left out` : undefined;
}

function leave(open: OpenCall[], frame: FrameId): string | undefined {
  if (open.at(-1)?.frame === frame) {
    open.pop();
    return undefined;
  }
  const entered = open.findLastIndex((call) => call.frame === frame);
  if (entered >= 0) open.length = entered;
  return entered < 0 ? 'leaves a frame that was not entered' : 'leaves a frame above others';
}
