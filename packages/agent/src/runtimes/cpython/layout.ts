import { pointerAt } from './process-memory.ts';

/** How a code object's line table is written. */
export type LineTableFormat =
  /** co_lnotab: pairs of bytes, up to 3.9. */
  | 'lnotab'
  /** PEP 626: pairs of bytes with ranges, 3.10. */
  | 'deltas'
  /** Objects/locations.md: variable-length entries, from 3.11. */
  | 'locations';

/** Offsets in bytes of what is read of a CPython process, 64-bit builds. */
export interface CPythonLayout {
  readonly minor: number;
  /** In `_PyRuntime`. */
  readonly runtime: { readonly interpretersHead: number };
  readonly interpreter: { readonly next: number; readonly threadsHead: number };
  readonly thread: {
    readonly next: number;
    readonly threadId: number;
    /** -1 before 3.11: threads are told apart by `threadId`, which is pthread_self(). */
    readonly nativeThreadId: number;
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
    /** Byte that tells frames entered from C; -1 before 3.11. */
    readonly entry: number;
  };
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
  thread: { next: 8, threadId: 176, nativeThreadId: -1, frame: 24 },
  cFrame: -1,
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
    thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: 56 },
    cFrame: 8,
    frame: { code: 32, previous: 48, instruction: 56, entry: 68 },
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
    thread: { next: 8, threadId: 136, nativeThreadId: 144, frame: 56 },
    cFrame: 0,
    frame: { code: 0, previous: 8, instruction: 56, entry: 70 },
    code: { size: 192, firstLine: 68, fileName: 112, name: 128, lineTable: 136, instructions: 192 },
    unicode: { asciiData: 40, compactData: 56 },
    bytes: { data: 32 },
    instructionUnit: 1,
    lineTable: 'locations',
  },
];

/** The layout of CPython 3.`minor`, for 3.8 to 3.12; `undefined` for others. */
export function layoutOf(minor: number): CPythonLayout | undefined {
  return LAYOUTS.find((layout) => layout.minor === minor);
}

/** Bytes at the start of `_PyRuntime` that {@link readDebugOffsets} wants. */
export const DEBUG_OFFSETS_BYTES = 584;
const COOKIE = 'xdebugpy';
const MAX_OFFSET = 2 ** 20;

/**
 * The layout that CPython ≥ 3.13 tells at the start of `_PyRuntime` (`_Py_DebugOffsets`,
 * Include/internal/pycore_debug_offsets.h). `undefined` if that is not there, is of a release whose
 * fields are not known, or of a free-threaded build, whose objects are laid out otherwise.
 */
export function readDebugOffsets(bytes: Uint8Array): CPythonLayout | undefined {
  if (bytes.length < DEBUG_OFFSETS_BYTES) return undefined;
  if (COOKIE !== String.fromCharCode(...bytes.subarray(0, 8))) return undefined;
  const words = Array.from({ length: DEBUG_OFFSETS_BYTES / 8 }, (_, row) =>
    pointerAt(bytes, row * 8),
  );
  // PY_VERSION_HEX: major, minor, micro, level and serial.
  const version = words[1] ?? 0;
  const minor = (version >>> 16) & 0xff;
  if (version >>> 24 !== 3 || minor !== 13 || words[2] !== 0) return undefined;
  const layout = layoutOf313(words);
  return Object.values({
    ...layout.code,
    ...layout.frame,
    ...layout.thread,
    ...layout.interpreter,
  }).every((offset) => offset < MAX_OFFSET)
    ? layout
    : undefined;
}

/** Words by their place in 3.13's structure. */
function layoutOf313(words: readonly number[]): CPythonLayout {
  const at = (row: number): number => words[row] ?? 0;
  return {
    minor: 13,
    cFrame: -1,
    instructionUnit: 1,
    lineTable: 'locations',
    runtime: { interpretersHead: at(5) },
    interpreter: { next: at(8), threadsHead: at(9) },
    thread: { next: at(21), threadId: at(24), nativeThreadId: at(25), frame: at(23) },
    frame: { previous: at(29), code: at(30), instruction: at(31), entry: at(33) },
    code: {
      size: at(34),
      fileName: at(35),
      name: at(37),
      lineTable: at(38),
      firstLine: at(39),
      instructions: at(43),
    },
    unicode: { asciiData: at(70), compactData: at(70) + 16 },
    bytes: { data: at(66) },
  };
}
