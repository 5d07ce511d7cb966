import { callTree } from '../derive/call-tree.ts';
import { type Labels, labelsOf } from '../labels/labels.ts';
import { createProfileBuilder, type ProfileBuilder } from '../model/builder.ts';
import { createProblems, type Parsed, type Problems } from '../model/parsed.ts';
import {
  type FrameId,
  type FrameKind,
  NONE,
  type Profile,
  type StackId,
} from '../model/profile.ts';
import type { ProfileType } from '../model/profile-type.ts';
import { readLines } from './lines.ts';

/** What folded text does not say itself. */
export interface FoldedOptions {
  /** {@link SAMPLES} unless given. */
  readonly type?: ProfileType;
  readonly labels?: Labels;
  /** Begin of the one window, ms since the epoch. */
  readonly timeMs?: number;
  /** What a weight of 1 stands for, in the type's unit; weights are values unless given. */
  readonly period?: number;
  /** What a frame's text says; nothing but its function's name unless given. */
  readonly parseFrame?: (text: string) => FoldedFrame;
}

/** A frame as a tool writes it into folded text. */
export interface FoldedFrame {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly kind?: FrameKind;
  readonly inlined?: boolean;
}

/** Counts of samples: what folded text holds where nobody says otherwise. */
export const SAMPLES: ProfileType = {
  name: 'samples',
  sampleType: 'samples',
  sampleUnit: 'count',
  periodType: '',
  periodUnit: '',
};

/** Frames kept of a stack, from its root; the rest are left out and said. */
export const MAX_DEPTH = 10_000;

/**
 * Reads folded text, `root;…;leaf weight` a line, as flame graph tools write it
 * (https://github.com/brendangregg/FlameGraph#2-fold-stacks). The weight follows the last space.
 * One line at a time is in memory; lines above 1 MB and lines without a weight are left out and said.
 */
export async function readFolded(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: FoldedOptions = {},
): Promise<Parsed<Profile>> {
  const builder = createProfileBuilder();
  const problems = createProblems();
  const reader = createFoldedReader(builder, options, problems);
  for await (const lines of readLines(chunks, problems)) {
    for (const line of lines) reader.line(line);
  }
  return { value: builder.finish(options.timeMs ?? 0), problems: problems.list() };
}

/** Adds folded lines to a profile, one call a line. */
export function createFoldedReader(
  builder: ProfileBuilder,
  options: FoldedOptions,
  problems: Problems,
): { line(text: string): void } {
  const { type = SAMPLES, labels = labelsOf([]), timeMs = 0 } = options;
  const { period = 0, parseFrame = (name: string): FoldedFrame => ({ name }) } = options;
  const series = builder.series(labels, type, period);
  const scale = period === 0 ? 1 : period;
  const frames = new Map<string, FrameId>();
  let lineNumber = 0;

  function frameOf(text: string): FrameId {
    const known = frames.get(text);
    if (known !== undefined) return known;
    const { name, file, ...place } = parseFrame(text);
    const frame = builder.frame({ function: builder.function(name, file), ...place });
    frames.set(text, frame);
    return frame;
  }

  function stackOf(path: string): StackId | typeof NONE {
    const names = path.split(';', MAX_DEPTH + 1);
    if (names.length > MAX_DEPTH) {
      names.pop();
      problems.add(`line ${lineNumber}: more than ${MAX_DEPTH} frames, the rest is left out`);
    }
    let stack: StackId | typeof NONE = NONE;
    for (const name of names) if (name !== '') stack = builder.stack(stack, frameOf(name));
    return stack;
  }

  return {
    line(text) {
      lineNumber++;
      const trimmed = text.trim();
      if (trimmed === '') return;
      const space = trimmed.lastIndexOf(' ');
      const weight = trimmed.slice(space + 1);
      const value = Number(weight);
      if (space < 0 || !Number.isFinite(value)) {
        const got = JSON.stringify(weight.slice(0, 32));
        problems.add(`line ${lineNumber}: expected a number after the last space, got ${got}`);
        return;
      }
      const stack = stackOf(trimmed.slice(0, space).trimEnd());
      builder.sample({ timeMs, series, stack, value: value * scale });
    },
  };
}

/**
 * Folded text, a line a chunk: each distinct path of names once with its sum over all samples.
 * Semicolons and line ends in names become colons and blanks; a stack that is not known is
 * `[unknown]`.
 */
export function* writeFolded(profile: Profile): Iterable<string> {
  const { length, names, name, parent, self } = callTree(profile);
  const safe = names.map((text) => text.replaceAll(';', ':').replace(/\s+/g, ' '));
  for (let row = 1; row < length; row++) {
    if (self[row] === 0) continue;
    const path: string[] = [];
    for (let at = row; at > 0; at = parent[at] ?? 0) path.push(safe[name[at] ?? 0] ?? '');
    yield `${path.reverse().join(';')} ${self[row]}\n`;
  }
}
