import type { CPythonLayout } from './layout.ts';
import { pointerAt } from './process-memory.ts';

/** Bytes at the start of `_PyRuntime` that {@link readDebugOffsets} wants. */
export const DEBUG_OFFSETS_BYTES = 648;
const COOKIE = 'xdebugpy';
/** The structure of an interpreter is the largest, some 300 kB; those of frames and code are small. */
const MAX_OFFSET = 2 ** 20;
const MAX_FRAME_OFFSET = 2 ** 7 - 8;
const MAX_CODE_OFFSET = 2 ** 10;

/** Rows of 8 bytes that the structures of a release begin at; within, their fields kept their order. */
interface Starts {
  readonly thread: number;
  readonly frame: number;
  readonly code: number;
  readonly bytes: number;
  readonly unicode: number;
}

const STARTS: Readonly<Record<number, Starts>> = {
  13: { thread: 19, frame: 28, code: 34, bytes: 64, unicode: 67 },
  14: { thread: 22, frame: 31, code: 39, bytes: 74, unicode: 77 },
};

/**
 * The layout that CPython ≥ 3.13 tells at the start of `_PyRuntime` (`_Py_DebugOffsets`,
 * Include/internal/pycore_runtime.h of 3.13, pycore_debug_offsets.h of 3.14). `undefined` if that is
 * not there, is of a release whose fields are not known, or of a free-threaded build, whose objects are
 * laid out otherwise.
 */
export function readDebugOffsets(bytes: Uint8Array): CPythonLayout | undefined {
  if (bytes.length < DEBUG_OFFSETS_BYTES) return undefined;
  if (COOKIE !== String.fromCharCode(...bytes.subarray(0, 8))) return undefined;
  const word = (row: number): number => pointerAt(bytes, row * 8);
  // PY_VERSION_HEX: major, minor, micro, level and serial.
  const version = word(1);
  const isFreeThreaded = word(2) !== 0;
  const starts = STARTS[(version >>> 16) & 0xff];
  if (version >>> 24 !== 3 || isFreeThreaded || !starts) return undefined;
  const layout = layoutAt(word, starts, (version >>> 16) & 0xff);
  const { runtime, interpreter, thread, frame, code, unicode, bytes: data } = layout;
  const isSound =
    areBelow(MAX_OFFSET, runtime, interpreter, thread) &&
    areBelow(MAX_FRAME_OFFSET, frame) &&
    areBelow(MAX_CODE_OFFSET, code, unicode, data);
  return isSound ? layout : undefined;
}

const areBelow = (
  bound: number,
  ...offsets: readonly Readonly<Record<string, number>>[]
): boolean => offsets.every((each) => Object.values(each).every((offset) => offset < bound));

function layoutAt(word: (row: number) => number, starts: Starts, minor: number): CPythonLayout {
  const { thread, frame, code, bytes, unicode } = starts;
  return {
    minor,
    cFrame: -1,
    entry: 'owner',
    instructionUnit: 1,
    lineTable: 'locations',
    runtime: { interpretersHead: word(5) },
    interpreter: { next: word(8), threadsHead: word(9) },
    thread: { next: word(thread + 2), frame: word(thread + 4), id: word(thread + 6) },
    frame: {
      previous: word(frame + 1),
      code: word(frame + 2),
      instruction: word(frame + 3),
      entry: word(frame + 5),
    },
    code: {
      size: word(code),
      fileName: word(code + 1),
      name: word(code + 3),
      lineTable: word(code + 4),
      firstLine: word(code + 5),
      instructions: word(code + 9),
    },
    unicode: { asciiData: word(unicode + 3), compactData: word(unicode + 3) + 16 },
    bytes: { data: word(bytes + 2) },
  };
}
