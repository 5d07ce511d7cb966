/**
 * Reads the encodings of DWARF call frame information from bytes that may lie. Reading past the end
 * gives zeros and sets `failed`; nothing throws.
 */
export interface DwarfCursor {
  offset: number;
  /** Reading at or past this offset fails. */
  end: number;
  failed: boolean;
  uint8(): number;
  uint16(): number;
  uint32(): number;
  int32(): number;
  /** As a double: exact below 2^53. */
  uint64(): number;
  /** Unsigned LEB128, at most ten bytes. */
  uleb(): number;
  /** Signed LEB128, at most ten bytes. */
  sleb(): number;
  /** Text up to a zero byte, at most 32 of them. */
  text(): string;
  /**
   * A pointer as an encoding byte of the LSB says (DW_EH_PE_*): its low half the format, its high
   * half what it is relative to; the address of byte 0 is `address`.
   */
  pointer(encoding: number): number;
}

/** Relative to the address of the pointer itself. */
const PC_RELATIVE = 0x10;
const MAX_LEB_BYTES = 10;
const MAX_TEXT_BYTES = 32;

/** A cursor at the first byte of `bytes`, which are loaded at `address`. */
export function createDwarfCursor(bytes: Uint8Array, address: number): DwarfCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  /** Moves over `length` bytes; gives where they begin, -1 if they are not all there. */
  function take(length: number): number {
    const at = cursor.offset;
    if (length < 0 || at + length > cursor.end) {
      cursor.failed = true;
      cursor.offset = cursor.end;
      return -1;
    }
    cursor.offset = at + length;
    return at;
  }

  const at = (length: number, read: (offset: number) => number): number => {
    const offset = take(length);
    return offset < 0 ? 0 : read(offset);
  };

  const leb = (signed: boolean): number => readLeb(cursor, signed);

  const FORMATS: Readonly<Record<number, () => number>> = {
    0: () => Number(BigInt.asIntN(64, BigInt(cursor.uint32()) + (BigInt(cursor.uint32()) << 32n))),
    1: () => leb(false),
    2: () => cursor.uint16(),
    3: () => cursor.uint32(),
    4: () => cursor.uint64(),
    9: () => leb(true),
    10: () => at(2, (offset) => view.getInt16(offset, true)),
    11: () => cursor.int32(),
    12: () => Number(BigInt.asIntN(64, BigInt(cursor.uint32()) + (BigInt(cursor.uint32()) << 32n))),
  };

  const cursor: DwarfCursor = {
    offset: 0,
    end: bytes.length,
    failed: false,
    uint8: () => at(1, (offset) => bytes[offset] ?? 0),
    uint16: () => at(2, (offset) => view.getUint16(offset, true)),
    uint32: () => at(4, (offset) => view.getUint32(offset, true)),
    int32: () => at(4, (offset) => view.getInt32(offset, true)),
    uint64: () =>
      at(8, (offset) => view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32),
    uleb: () => leb(false),
    sleb: () => leb(true),
    text() {
      let text = '';
      for (let count = 0; count < MAX_TEXT_BYTES; count++) {
        const byte = cursor.uint8();
        if (byte === 0) return text;
        text += String.fromCharCode(byte);
      }
      cursor.failed = true;
      return text;
    },
    pointer(encoding) {
      const from = cursor.offset;
      const format = FORMATS[encoding & 0x0f];
      const base = encoding & 0x70;
      if (format === undefined || (base !== 0 && base !== PC_RELATIVE)) {
        cursor.failed = true;
        return 0;
      }
      return format() + (base === PC_RELATIVE ? address + from : 0);
    },
  };
  return cursor;
}

function readLeb(cursor: DwarfCursor, signed: boolean): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < MAX_LEB_BYTES; count++) {
    const byte = cursor.uint8();
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return signed && (byte & 0x40) !== 0 ? value - scale : value;
  }
  cursor.failed = true;
  return 0;
}
