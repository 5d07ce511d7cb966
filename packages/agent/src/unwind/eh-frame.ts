import {
  type Architecture,
  type FrameContext,
  ruleOf,
  runCfaProgram,
  UNSET,
} from './cfa-program.ts';
import { createDwarfCursor, type DwarfCursor } from './dwarf-cursor.ts';
import type { KnownCode } from './musl-code.ts';
import {
  createUnwindTableBuilder,
  type UnwindTable,
  type UnwindTableBuilder,
} from './unwind-table.ts';

/** Call frame information as it lies in a file. */
export interface FrameSection {
  /** `.debug_frame` numbers its entries otherwise than `.eh_frame`. */
  readonly kind: 'eh_frame' | 'debug_frame';
  readonly bytes: Uint8Array;
  /** Where the bytes are loaded, in the file's own address space. */
  readonly address: number;
  readonly architecture: Architecture;
  /** The page of the lowest loaded byte. */
  readonly base: number;
  /** See `FinishOptions` of the table. */
  readonly hasFramePointerGaps: boolean;
  readonly known: readonly KnownCode[];
}

/**
 * The unwind table of a file, from `.eh_frame` (LSB Core 5.0, 10.6) or `.debug_frame` (DWARF 5,
 * 6.4.1). Never throws: a description that is cut or lies is skipped and counted, and the ones after
 * it are read. Time and memory are proportional to the section's size.
 */
export function readFrameSection(section: FrameSection): UnwindTable {
  const reader: Reader = {
    section,
    cursor: createDwarfCursor(section.bytes, section.address),
    contexts: new Map(),
    table: createUnwindTableBuilder(),
  };
  const { cursor } = reader;
  const size = section.bytes.length;
  for (let offset = 0; offset + 4 < size; ) {
    const entry = readEntry(reader, offset, size);
    if (!entry) break;
    if (entry.ciePointer >= 0) readDescription(reader, entry);
    offset = entry.end;
    cursor.failed = false;
  }
  return reader.table.finish(section);
}

interface Reader {
  readonly section: FrameSection;
  readonly cursor: DwarfCursor;
  /** Common information entries by their offset; `undefined` those that cannot be used. */
  readonly contexts: Map<number, Context | undefined>;
  readonly table: UnwindTableBuilder;
}

interface Context extends FrameContext {
  readonly hasAugmentation: boolean;
}

interface Entry {
  /** Offset of the first byte after the identifying field. */
  readonly body: number;
  readonly end: number;
  /** Offset of the CIE it belongs to; -1 if it is a CIE or padding. */
  readonly ciePointer: number;
}

const EXTENDED_LENGTH = 0xffff_ffff;

/** The frame of an entry: its length and what it is. `undefined` where the section ends. */
function readEntry({ cursor, section }: Reader, offset: number, size: number): Entry | undefined {
  cursor.offset = offset;
  cursor.end = size;
  let length = cursor.uint32();
  if (length === 0) return { body: offset + 4, end: offset + 4, ciePointer: -1 };
  const isExtended = length === EXTENDED_LENGTH;
  if (isExtended) length = cursor.uint64();
  const start = cursor.offset;
  const end = start + length;
  if (cursor.failed || end > size) return undefined;
  const isDebugFrame = section.kind === 'debug_frame';
  const isWide = isExtended && isDebugFrame;
  const id = isWide ? cursor.uint64() : cursor.uint32();
  if (cursor.failed) return undefined;
  const isCie = isDebugFrame ? id >= EXTENDED_LENGTH : id === 0;
  const ciePointer = isCie ? -1 : isDebugFrame ? id : start - id;
  return { body: cursor.offset, end, ciePointer };
}

/** Reads a frame description entry (FDE): the rows of one function. */
function readDescription(reader: Reader, entry: Entry): void {
  const { cursor, table } = reader;
  const context = contextAt(reader, entry.ciePointer);
  if (!context) {
    table.skipFunction();
    return;
  }
  cursor.failed = false;
  cursor.offset = entry.body;
  cursor.end = entry.end;
  const start = cursor.pointer(context.pointerEncoding);
  const length = cursor.pointer(context.pointerEncoding & 0x0f);
  if (context.hasAugmentation) cursor.offset += cursor.uleb();
  // A linker that drops a function leaves its description behind with address or length 0.
  if (!cursor.failed && (length === 0 || start < reader.section.base)) return;
  runCfaProgram(cursor, context, start, (address, state) => {
    table.row(address, table.rules.intern(ruleOf(state, context)));
  });
  if (cursor.failed) table.skipFunction();
  else table.endFunction(start, start + length);
}

/** The common information entry at an offset; read once. */
function contextAt(reader: Reader, offset: number): Context | undefined {
  if (reader.contexts.has(offset)) return reader.contexts.get(offset);
  const entry = readEntry(reader, offset, reader.section.bytes.length);
  const context = entry?.ciePointer === -1 ? readContext(reader, entry) : undefined;
  reader.contexts.set(offset, context);
  return context;
}

function readContext({ cursor, section }: Reader, entry: Entry): Context | undefined {
  cursor.offset = entry.body;
  cursor.end = entry.end;
  const version = cursor.uint8();
  const augmentation = cursor.text();
  if (![1, 3, 4].includes(version) || (augmentation !== '' && !augmentation.startsWith('z'))) {
    return undefined;
  }
  if (version === 4) cursor.uint16();
  const codeAlignment = cursor.uleb();
  const dataAlignment = cursor.sleb();
  if (version === 1) cursor.uint8();
  else cursor.uleb();
  const encodings = readAugmentation(cursor, augmentation);
  const context: Context = {
    architecture: section.architecture,
    codeAlignment,
    dataAlignment,
    pointerEncoding: encodings.pointer,
    isSignalFrame: augmentation.includes('S'),
    hasAugmentation: augmentation !== '',
    initial: UNSET,
  };
  const initial = runCfaProgram(cursor, context, 0, () => {});
  return cursor.failed ? undefined : { ...context, initial };
}

/** The augmentation data of a CIE; only how pointers are encoded matters here. */
function readAugmentation(cursor: DwarfCursor, augmentation: string): { pointer: number } {
  let pointer = 0;
  if (augmentation === '') return { pointer };
  const end = cursor.uleb() + cursor.offset;
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') pointer = cursor.uint8();
    else if (letter === 'L') cursor.uint8();
    else if (letter === 'P') cursor.pointer(cursor.uint8() & 0x7f);
  }
  cursor.failed ||= end > cursor.end;
  cursor.offset = Math.min(end, cursor.end);
  return { pointer };
}

/**
 * Where `.eh_frame` lies by the header that PT_GNU_EH_FRAME points to, for files whose section table
 * was stripped (LSB Core 5.0, 10.6.2). `undefined` if it does not say.
 */
export function ehFrameAddress(header: Uint8Array, address: number): number | undefined {
  const cursor = createDwarfCursor(header, address);
  const version = cursor.uint8();
  const encoding = cursor.uint8();
  cursor.uint16();
  const found = cursor.pointer(encoding);
  return version === 1 && !cursor.failed && found > 0 ? found : undefined;
}
