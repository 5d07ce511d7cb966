/** How a code object's line table is written. */
export type LineTableFormat =
  /** co_lnotab: pairs of bytes, up to 3.9. */
  | 'lnotab'
  /** PEP 626: pairs of bytes with ranges, 3.10. */
  | 'deltas'
  /** Objects/locations.md: variable-length entries, from 3.11. */
  | 'locations';

/** How the frame that a run of the evaluation loop began with is told from those it calls. */
export type EntryMark =
  /** Every call runs the loop anew, up to 3.10. */
  | 'always'
  /** A byte that is not 0, 3.11. */
  | 'flag'
  /** A frame that is none of Python's own is put before it, from 3.12. */
  | 'owner';

/** Offsets in bytes of what is read of a CPython process, 64-bit builds. */
export interface CPythonLayout {
  readonly minor: number;
  /** In `_PyRuntime`. */
  readonly runtime: { readonly interpretersHead: number };
  readonly interpreter: { readonly next: number; readonly threadsHead: number };
  readonly thread: {
    readonly next: number;
    /** pthread_self() up to 3.10, then the kernel's number. */
    readonly id: number;
    /** The pointer to the frame, or to the C frame that holds it. */
    readonly frame: number;
  };
  /** In the C frame (3.11, 3.12); -1 where the thread points to the frame itself. */
  readonly cFrame: number;
  readonly frame: {
    readonly code: number;
    readonly previous: number;
    /** Pointer to the instruction from 3.11; before, an int32 index. */
    readonly instruction: number;
    /** The byte that {@link EntryMark} speaks of; -1 where there is none. */
    readonly entry: number;
  };
  readonly entry: EntryMark;
  readonly code: {
    readonly size: number;
    readonly firstLine: number;
    readonly fileName: number;
    /** co_qualname from 3.11, co_name before. */
    readonly name: number;
    readonly lineTable: number;
    /** Where the instructions begin; -1 before 3.11. */
    readonly instructions: number;
  };
  readonly unicode: { readonly asciiData: number; readonly compactData: number };
  readonly bytes: { readonly data: number };
  /** Bytes that one step of `instruction` moves. */
  readonly instructionUnit: number;
  readonly lineTable: LineTableFormat;
}

/** What 3.8 to 3.10 have in common. */
const BEFORE_3_11 = {
  runtime: { interpretersHead: 32 },
  interpreter: { next: 0, threadsHead: 8 },
  thread: { next: 8, id: 176, frame: 24 },
  cFrame: -1,
  entry: 'always',
  code: { size: 136, firstLine: 40, fileName: 104, name: 112, lineTable: 120, instructions: -1 },
  unicode: { asciiData: 48, compactData: 72 },
  bytes: { data: 32 },
} as const;

/** Offsets that releases before 3.13 do not tell: by offsetof() over each release's headers. */
const LAYOUTS: readonly CPythonLayout[] = [
  ...[8, 9].map((minor) => ({
    ...BEFORE_3_11,
    minor,
    frame: { code: 32, previous: 24, instruction: 104, entry: -1 },
    instructionUnit: 1,
    lineTable: 'lnotab' as const,
  })),
  {
    ...BEFORE_3_11,
    minor: 10,
    frame: { code: 32, previous: 24, instruction: 96, entry: -1 },
    instructionUnit: 2,
    lineTable: 'deltas',
  },
  {
    minor: 11,
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 16 },
    thread: { next: 8, id: 160, frame: 56 },
    cFrame: 8,
    frame: { code: 32, previous: 48, instruction: 56, entry: 68 },
    entry: 'flag',
    code: { size: 184, firstLine: 72, fileName: 112, name: 128, lineTable: 136, instructions: 184 },
    unicode: { asciiData: 48, compactData: 72 },
    bytes: { data: 32 },
    instructionUnit: 1,
    lineTable: 'locations',
  },
  {
    minor: 12,
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 72 },
    thread: { next: 8, id: 144, frame: 56 },
    cFrame: 0,
    frame: { code: 0, previous: 8, instruction: 56, entry: 70 },
    entry: 'owner',
    code: { size: 192, firstLine: 68, fileName: 112, name: 128, lineTable: 136, instructions: 192 },
    unicode: { asciiData: 40, compactData: 56 },
    bytes: { data: 32 },
    instructionUnit: 1,
    lineTable: 'locations',
  },
];

/** The layout of CPython 3.`minor`, for 3.8 to 3.12; `undefined` for others, which tell it themselves. */
export function layoutOf(minor: number): CPythonLayout | undefined {
  return LAYOUTS.find((layout) => layout.minor === minor);
}
