/** How a field's value is laid out (protobuf.dev/programming-guides/encoding). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * A place in protobuf bytes that may be cut or lie. The functions below read on from it. Reading past
 * an end gives zeros and sets `failed`; nothing throws or loops.
 */
export interface WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  offset: number;
  /** End of the message being read. */
  end: number;
  failed: boolean;
  /** Of the field that {@link nextField} found. */
  field: number;
  /** One of {@link WIRE}. */
  wireType: number;
}

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const MAX_VARINT_BYTES = 10;
/** Longer texts are cut: no symbol needs them. */
const MAX_TEXT_BYTES = 65_535;
const DECODER = new TextDecoder();

/** A reader at the first field of a message. */
export function createWireReader(bytes: Uint8Array): WireReader {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
    end: bytes.length,
    failed: false,
    field: 0,
    wireType: 0,
  };
}

function fail(reader: WireReader): number {
  reader.failed = true;
  reader.offset = reader.end;
  return 0;
}

/** Goes to the next field's value; false at the end of the message. */
export function nextField(reader: WireReader): boolean {
  if (reader.offset >= reader.end) return false;
  const tag = readVarint(reader);
  reader.field = Math.floor(tag / 8);
  reader.wireType = tag % 8;
  if (reader.field === 0) fail(reader);
  return !reader.failed;
}

/** Passes over the value of the field. */
export function skipField(reader: WireReader): void {
  switch (reader.wireType) {
    case WIRE.varint:
      readVarint(reader);
      break;
    case WIRE.fixed64:
      take(reader, 8);
      break;
    case WIRE.bytes:
      take(reader, readVarint(reader));
      break;
    case WIRE.fixed32:
      take(reader, 4);
      break;
    default:
      fail(reader);
  }
}

/** Moves over some bytes; gives where they begin, -1 if they are not all there. */
function take(reader: WireReader, length: number): number {
  const from = reader.offset;
  if (from + length > reader.end) {
    fail(reader);
    return -1;
  }
  reader.offset = from + length;
  return from;
}

/** An unsigned number, as a double: exact below 2^53. */
export function readVarint(reader: WireReader): number {
  const { bytes, end } = reader;
  if (reader.offset >= end) return fail(reader);
  let byte = bytes[reader.offset++] ?? 0;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  let scale = 128;
  for (let count = 1; count < MAX_VARINT_BYTES && reader.offset < end; count++) {
    byte = bytes[reader.offset++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return fail(reader);
}

/** A signed number in two's complement, as a double: exact between -2^53 and 2^53. */
export function readInt64(reader: WireReader): number {
  const from = reader.offset;
  const value = readVarint(reader);
  return value < TWO_63 ? value : negative(reader.bytes.subarray(from, reader.offset));
}

/** The same of a varint of ten bytes, whose double has lost its low bits. */
const negative = (bytes: Uint8Array): number => Number(BigInt.asIntN(64, exactVarint(bytes)));

function exactVarint(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const [at, byte] of bytes.entries()) value |= BigInt(byte & 0x7f) << BigInt(7 * at);
  return value;
}

/** An unsigned number as a key of a map: one above 2^53 is a bigint, as doubles would mix some up. */
export function readKey(reader: WireReader): number | bigint {
  const from = reader.offset;
  const value = readVarint(reader);
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  return exactVarint(reader.bytes.subarray(from, reader.offset));
}

/** An unsigned number of eight bytes, as a double. */
export function readFixed64(reader: WireReader): number {
  const from = take(reader, 8);
  const { view } = reader;
  return from < 0 ? 0 : view.getUint32(from, true) + view.getUint32(from + 4, true) * TWO_32;
}

/** Enters a message or a run of bytes; gives the end of the outer one, for {@link leave}. */
export function enter(reader: WireReader): number {
  const outerEnd = reader.end;
  const length = reader.wireType === WIRE.bytes ? readVarint(reader) : fail(reader);
  if (reader.offset + length > outerEnd) fail(reader);
  else reader.end = reader.offset + length;
  return outerEnd;
}

/** Goes behind the message that was entered. */
export function leave(reader: WireReader, outerEnd: number): void {
  reader.offset = reader.end;
  reader.end = outerEnd;
}

/** The text of a length-delimited field, bad UTF-8 replaced. */
export function readText(reader: WireReader): string {
  const length = reader.wireType === WIRE.bytes ? readVarint(reader) : fail(reader);
  const from = take(reader, length);
  const to = from + Math.min(length, MAX_TEXT_BYTES);
  return from < 0 ? '' : DECODER.decode(reader.bytes.subarray(from, to));
}

/** Appends the numbers of a repeated field, packed or single; unsigned unless `read` says otherwise. */
export function readNumbersInto(
  reader: WireReader,
  numbers: number[],
  read: (reader: WireReader) => number = readVarint,
): void {
  if (reader.wireType === WIRE.varint) numbers.push(read(reader));
  else if (reader.wireType === WIRE.fixed64) numbers.push(readFixed64(reader));
  else if (reader.wireType === WIRE.bytes) {
    const outerEnd = enter(reader);
    while (reader.offset < reader.end) numbers.push(read(reader));
    leave(reader, outerEnd);
  } else skipField(reader);
}

/** Calls `each` at every field of the message that the reader is at; it must read or skip it. */
export function readMessage(reader: WireReader, each: (field: number) => void): void {
  const outerEnd = enter(reader);
  while (nextField(reader)) each(reader.field);
  leave(reader, outerEnd);
}
