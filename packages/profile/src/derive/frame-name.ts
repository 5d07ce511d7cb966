import { NONE, type Profile } from '../model/profile.ts';

/** Distinct names for people, and for each row of `frames` the row of its name. */
export interface FrameNames {
  readonly names: readonly string[];
  readonly name: Int32Array;
  /** Row of `[unknown]`, the name of a stack that is not known. */
  readonly unknown: number;
}

/** What a frame without function and mapping is called. */
export const UNKNOWN_NAME = '[unknown]';

/**
 * What each frame is called: its function, else `[libfoo.so]` by the file it lies in, else
 * `[unknown]`.
 */
export function frameNames(profile: Profile): FrameNames {
  const { strings, functions, mappings, frames } = profile;
  const rows = new Map<string, number>([[UNKNOWN_NAME, 0]]);
  const name = new Int32Array(frames.length);
  for (let frame = 0; frame < frames.length; frame++) {
    const fn = frames.function[frame] ?? NONE;
    const mapping = frames.mapping[frame] ?? NONE;
    const own = fn === NONE ? '' : (strings[functions.name[fn] ?? 0] ?? '');
    const file = mapping === NONE ? '' : (strings[mappings.file[mapping] ?? 0] ?? '');
    const text = own || fileName(file);
    const row = rows.get(text) ?? rows.size;
    rows.set(text, row);
    name[frame] = row;
  }
  return { names: [...rows.keys()], name, unknown: 0 };
}

function fileName(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (base === '') return UNKNOWN_NAME;
  return base.startsWith('[') ? base : `[${base}]`;
}
