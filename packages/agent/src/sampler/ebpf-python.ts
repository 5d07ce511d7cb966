import type { CPython } from '../runtimes/cpython/find-cpython.ts';
import type { EntryMark } from '../runtimes/cpython/layout.ts';
import type { ImageId } from './image-table.ts';

/** Size of `struct python` of bpf/layout.h. */
export const PYTHON_BYTES = 120;

/** `enum python_entry`. */
const ENTRY: Readonly<Record<EntryMark, number>> = { always: 0, flag: 1, owner: 2 };
/** Of the kernel's copy of a frame. */
const FRAME_BYTES_ALIGN = 8;
const MAX_LOOPS = 2;

/** `struct python`: where the program finds the frames of an interpreter. */
export function encodePython(id: ImageId, { layout, interpreters, loop }: CPython): Uint8Array {
  const bytes = Buffer.alloc(PYTHON_BYTES);
  bytes.writeBigUInt64LE(BigInt(id.startTicks), 0);
  bytes.writeUInt32LE(id.pid, 8);
  bytes.writeUInt32LE(id.execId, 12);
  loop.slice(0, MAX_LOOPS).forEach(({ start, end }, i) => {
    bytes.writeBigUInt64LE(BigInt(start), 16 + i * 16);
    bytes.writeBigUInt64LE(BigInt(end), 24 + i * 16);
  });
  bytes.writeBigUInt64LE(BigInt(interpreters), 48);
  const { interpreter, thread, cFrame, frame, code } = layout;
  const offsets = [frame.code, frame.previous, frame.instruction, frame.entry];
  const frameBytes = Math.max(...offsets) + FRAME_BYTES_ALIGN;
  const words = [
    ...[interpreter.next, interpreter.threadsHead],
    ...[thread.next, thread.id, thread.frame, layout.minor >= 11 ? 1 : 0],
    ...[Math.max(cFrame, 0), cFrame < 0 ? 0 : 1],
    ...[frameBytes, ...offsets.map((offset) => Math.max(offset, 0)), ENTRY[layout.entry]],
    ...[code.firstLine, Math.max(code.instructions, 0)],
  ];
  words.forEach((word, i) => {
    bytes.writeUInt32LE(word, 56 + i * 4);
  });
  return bytes;
}
