import { FRAME_KINDS, type FrameId, type ProfileBuilder } from '@kube-eagle/profile';
import { ADDRESS_SPACES, type SampleWindow } from '../sampler/sampler.ts';
import type { NamedFrames } from '../symbols/symbolizer.ts';

/** What a raw frame became in the profile. */
export interface FrameRows {
  /** Outermost first: more than one where functions were put into one another. */
  readonly ids: readonly FrameId[];
  /** Whether all have a name that is one, and not a reason why there is none. */
  readonly isNamed: boolean;
}

/** Rows of a raw frame, by its row in the window. */
export type FrameRowsOf = (row: number) => FrameRows;

const KERNEL_MAPPING = '[kernel]';
const INTERPRETED = ADDRESS_SPACES.indexOf('interpreted');
const KERNEL = ADDRESS_SPACES.indexOf('kernel');

/**
 * Gives each raw frame its rows. The frames of a window repeat a few thousand addresses hundreds of
 * times, so each address is built once and then looked up by number alone.
 */
export function createFrameRows(
  { frames, executables }: SampleWindow,
  names: NamedFrames,
  builder: ProfileBuilder,
): FrameRowsOf {
  const known = new Map<number, Map<number, FrameRows>>();

  function mappingOf(space: number, executable: number) {
    if (space === KERNEL) return builder.mapping(KERNEL_MAPPING);
    const file = executables[executable];
    return file && builder.mapping(file.path, file.buildId);
  }

  function nameAt(at: number) {
    const name = names.strings[names.name[at] ?? -1] ?? '';
    const file = names.strings[names.file[at] ?? 0] ?? '';
    return name === '' ? {} : { function: builder.function(name, file) };
  }

  /** Files are 0 and up. Below, as processes have other code at one address, spaces by what is there. */
  function placeOf(row: number): number {
    const executable = frames.executable[row] ?? -1;
    if (executable >= 0) return executable;
    const name = names.name[names.first[row] ?? 0] ?? -1;
    return -1 - (frames.space[row] ?? 0) - ADDRESS_SPACES.length * (name + 1);
  }

  function isNamed(row: number): boolean {
    for (let at = names.first[row] ?? 0; at < (names.first[row + 1] ?? 0); at++) {
      if ((names.name[at] ?? -1) < 0 || names.isReason[at] === 1) return false;
    }
    return true;
  }

  function build(row: number): FrameRows {
    const mapping = mappingOf(frames.space[row] ?? 0, frames.executable[row] ?? -1);
    const place = {
      address: frames.space[row] === INTERPRETED ? 0 : (frames.address[row] ?? 0),
      ...(mapping === undefined ? {} : { mapping }),
    };
    const ids: FrameId[] = [];
    for (let at = (names.first[row + 1] ?? 0) - 1; at >= (names.first[row] ?? 0); at--) {
      ids.push(
        builder.frame({
          ...place,
          ...nameAt(at),
          line: names.line[at] ?? 0,
          kind: FRAME_KINDS[names.kind[at] ?? 0] ?? 'unknown',
          inlined: names.inlined[at] === 1,
        }),
      );
    }
    return { ids, isNamed: isNamed(row) };
  }

  return (row) => {
    const key = placeOf(row);
    const address = frames.address[row] ?? 0;
    let ofPlace = known.get(key);
    if (!ofPlace) {
      ofPlace = new Map();
      known.set(key, ofPlace);
    }
    let rows = ofPlace.get(address);
    if (!rows) {
      rows = build(row);
      ofPlace.set(address, rows);
    }
    return rows;
  };
}
