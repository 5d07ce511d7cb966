import type { SampleWindow } from '../sampler/sampler.ts';

/**
 * Names for the frames of a window. Row `i` of the window's frames became the rows `first[i]` up to,
 * not including, `first[i + 1]` here: one, or more where the compiler put functions into one
 * another, the innermost first.
 */
export interface NamedFrames {
  /** One row more than the window has frames. */
  readonly first: Int32Array;
  /** Row in `strings` of the function's name; -1 where none was found. */
  readonly name: Int32Array;
  /** Row in `strings` of the source file; 0 where unknown. */
  readonly file: Int32Array;
  /** Source line; 0 where unknown. */
  readonly line: Int32Array;
  /** Index in FRAME_KINDS. */
  readonly kind: Uint8Array;
  /** 1 if inlined into the next row. */
  readonly inlined: Uint8Array;
  /** 1 if the name says why there is none: `[jit: node 20, no perf map]`. */
  readonly isReason: Uint8Array;
  /** Row 0 is the empty string. */
  readonly strings: readonly string[];
}

/** Turns addresses into names, those that were sampled and no others. */
export interface Symbolizer extends AsyncDisposable {
  name(window: SampleWindow, signal: AbortSignal): Promise<NamedFrames>;
}
