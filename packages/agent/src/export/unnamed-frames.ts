import { FRAME_KINDS } from '@kube-eagle/profile';
import { ADDRESS_SPACES, type SampleWindow } from '../sampler/sampler.ts';
import type { NamedFrames } from '../symbols/symbolizer.ts';

const KERNEL_SPACE = ADDRESS_SPACES.indexOf('kernel');
const KERNEL_KIND = FRAME_KINDS.indexOf('kernel');
const NATIVE_KIND = FRAME_KINDS.indexOf('native');

/** The frames of a window, one row each, none of them named. */
export function unnamedFrames({ frames }: SampleWindow): NamedFrames {
  return {
    first: Int32Array.from({ length: frames.length + 1 }, (_, row) => row),
    name: new Int32Array(frames.length).fill(-1),
    file: new Int32Array(frames.length),
    line: new Int32Array(frames.length),
    kind: Uint8Array.from(frames.space, (space) =>
      space === KERNEL_SPACE ? KERNEL_KIND : NATIVE_KIND,
    ),
    inlined: new Uint8Array(frames.length),
    isReason: new Uint8Array(frames.length),
    strings: [''],
  };
}
