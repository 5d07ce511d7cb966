import type { CPythonLayout } from './layout.ts';
import { lineOf } from './line-table.ts';
import { int32At, type ProcessMemory, pointerAt } from './process-memory.ts';

/** A piece of Python code as its interpreter holds it. */
export interface CodeObject {
  /** Qualified from 3.11: `Shop.checkout`; before, the last part only. */
  readonly name: string;
  readonly fileName: string;
  readonly firstLine: number;
  readonly lineTable: Uint8Array;
}

/** Characters of a name or path that are read. */
const MAX_TEXT = 512;
/** Bytes of a line table that are read: some 10,000 lines of one function. */
const MAX_LINE_TABLE_BYTES = 2 ** 16;
/** `length` of str and `ob_size` of bytes. */
const LENGTH_OFFSET = 16;
/** State bits of str: kind (bytes a character) in bits 2 to 4, ASCII in bit 6. */
const STATE_OFFSET = 32;

/**
 * Reads a code object of a running interpreter. The process may change what is read meanwhile, or
 * lie: what makes no sense gives `undefined`.
 */
export function readCodeObject(
  memory: ProcessMemory,
  layout: CPythonLayout,
  address: number,
): CodeObject | undefined {
  const bytes = memory.read(address, layout.code.size);
  if (bytes.length < layout.code.size) return undefined;
  const name = readText(memory, layout, pointerAt(bytes, layout.code.name));
  const fileName = readText(memory, layout, pointerAt(bytes, layout.code.fileName));
  if (name === undefined || fileName === undefined) return undefined;
  return {
    name,
    fileName,
    firstLine: Math.max(0, int32At(bytes, layout.code.firstLine)),
    lineTable: readBytes(memory, layout, pointerAt(bytes, layout.code.lineTable)),
  };
}

/** The line that a frame is at. `instruction` is the byte offset in the code's instructions. */
export function lineOfFrame(code: CodeObject, layout: CPythonLayout, instruction: number): number {
  return lineOf({
    format: layout.lineTable,
    table: code.lineTable,
    firstLine: code.firstLine,
    offset: Math.max(0, instruction * layout.instructionUnit),
  });
}

/** A str object: its header, then one, two or four bytes a character (PEP 393). */
function readText(
  memory: ProcessMemory,
  { unicode }: CPythonLayout,
  address: number,
): string | undefined {
  const header = memory.read(address, unicode.asciiData);
  if (header.length < unicode.asciiData) return undefined;
  const length = pointerAt(header, LENGTH_OFFSET);
  const state = int32At(header, STATE_OFFSET);
  const kind = (state >> 2) & 7;
  const isAscii = ((state >> 6) & 1) === 1;
  if (![1, 2, 4].includes(kind) || length > 2 ** 31) return undefined;
  const count = Math.min(length, MAX_TEXT);
  const data = memory.read(
    address + (isAscii ? unicode.asciiData : unicode.compactData),
    count * kind,
  );
  return data.length < count * kind ? undefined : decode(data, kind);
}

function decode(data: Uint8Array, kind: number): string {
  let text = '';
  for (let at = 0; at < data.length; at += kind) {
    let point = 0;
    for (let byte = kind - 1; byte >= 0; byte--) point = point * 256 + (data[at + byte] ?? 0);
    text += point <= 0x10_ffff ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}

function readBytes(memory: ProcessMemory, { bytes }: CPythonLayout, address: number): Uint8Array {
  const header = memory.read(address, bytes.data);
  const length = pointerAt(header, LENGTH_OFFSET);
  return memory.read(address + bytes.data, Math.min(length, MAX_LINE_TABLE_BYTES));
}
