import type { Labels } from '../labels/labels.ts';
import type { Brand } from './brand.ts';
import type { ProfileType } from './profile-type.ts';
import type { Quality } from './quality.ts';

/** Row of {@link Profile.strings}. Row 0 is the empty string. */
export type StringId = Brand<number, 'StringId'>;
/** Row of {@link Functions}. */
export type FunctionId = Brand<number, 'FunctionId'>;
/** Row of {@link Mappings}. */
export type MappingId = Brand<number, 'MappingId'>;
/** Row of {@link Frames}. */
export type FrameId = Brand<number, 'FrameId'>;
/** Row of {@link Stacks}: one distinct call path. */
export type StackId = Brand<number, 'StackId'>;
/** Row of {@link Series}. */
export type SeriesId = Brand<number, 'SeriesId'>;

/** The row that is none. */
export const NONE = -1;

/** Named pieces of code. */
export interface Functions {
  readonly length: number;
  /** Row in `strings`. */
  readonly name: Int32Array;
  /** Row in `strings` of the source file; 0 where unknown. */
  readonly file: Int32Array;
  /** Line the function begins at; 0 where unknown. */
  readonly startLine: Int32Array;
}

/** Executables and libraries that frames lie in. */
export interface Mappings {
  readonly length: number;
  /** Row in `strings` of the path. */
  readonly file: Int32Array;
  /** Row in `strings` of the build id in hexadecimal; 0 where unknown. */
  readonly buildId: Int32Array;
}

/**
 * Who a frame belongs to, by the names of OpenTelemetry's `profile.frame.type`. The position in this
 * list is the number in {@link Frames.kind}; only ever append.
 */
export const FRAME_KINDS = [
  'unknown',
  'native',
  'kernel',
  'go',
  'rust',
  'cpython',
  'jvm',
  'v8js',
  'ruby',
  'php',
  'perl',
  'dotnet',
  'beam',
  'luajit',
  'abort-marker',
] as const;

export type FrameKind = (typeof FRAME_KINDS)[number];

/** Places in code that a stack can go through. */
export interface Frames {
  readonly length: number;
  /** Row in `functions`; -1 where the address has no name. */
  readonly function: Int32Array;
  /** Row in `mappings`; -1 where unknown. */
  readonly mapping: Int32Array;
  /** Offset in the mapping's file, or the address where there is no mapping; 0 where unknown. */
  readonly address: Float64Array;
  /** Source line; 0 where unknown. */
  readonly line: Int32Array;
  /** Index in {@link FRAME_KINDS}. */
  readonly kind: Uint8Array;
  /** 1 if the compiler put this function's code into that of its caller, else 0. */
  readonly inlined: Uint8Array;
}

/** Call paths as a tree of rows. A parent's row is always less than its child's. */
export interface Stacks {
  readonly length: number;
  /** Row of the caller; -1 at a root. */
  readonly parent: Int32Array;
  /** Row in `frames`. */
  readonly frame: Int32Array;
}

/** Who was measured, and what: one row a label set and profile type. */
export interface Series {
  readonly length: number;
  readonly labels: readonly Labels[];
  readonly type: readonly ProfileType[];
  /** Events between two samples, in the type's period unit; 0 where unknown. */
  readonly period: Float64Array;
}

/** What was measured: a value at a call path, in a window, of a series. */
export interface Samples {
  readonly length: number;
  /** Begin of the window, ms since the epoch. */
  readonly timeMs: Float64Array;
  /** Row in `series`. */
  readonly series: Int32Array;
  /** Row in `stacks`; -1 where the stack is not known. */
  readonly stack: Int32Array;
  /** In the series' sample unit. */
  readonly value: Float64Array;
}

/**
 * Tables of columns that refer to each other by row. One profile holds as many series and windows
 * as were measured together, over one dictionary of functions and stacks.
 */
export interface Profile {
  readonly strings: readonly string[];
  readonly functions: Functions;
  readonly mappings: Mappings;
  readonly frames: Frames;
  readonly stacks: Stacks;
  readonly series: Series;
  readonly samples: Samples;
  /** How far the samples can be trusted. */
  readonly quality: Quality;
  /** Begin of the first window, ms since the epoch; 0 where unknown. */
  readonly startMs: number;
  /** From `startMs` to the end of the last window; 0 where unknown. */
  readonly durationNs: number;
}
