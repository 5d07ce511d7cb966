/** Protobuf bytes that grow. The functions below write at their end. */
export interface WireWriter {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes written. */
  length: number;
}

const TWO_32 = 2 ** 32;
const MAX_VARINT_BYTES = 10;
/** Lengths of messages get one byte and are moved if that is too little: most are short. */
const SHORT = 0x80;
const ENCODER = new TextEncoder();

/** An empty writer. */
export function createWireWriter(): WireWriter {
  return { bytes: new Uint8Array(4096), length: 0 };
}

/** What was written. */
export function finishWriter(writer: WireWriter): Uint8Array<ArrayBuffer> {
  return writer.bytes.slice(0, writer.length);
}

function reserve(writer: WireWriter, length: number): void {
  if (writer.length + length <= writer.bytes.length) return;
  const larger = new Uint8Array(Math.max(writer.bytes.length * 2, writer.length + length));
  larger.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = larger;
}

function putVarint(writer: WireWriter, value: number): void {
  reserve(writer, MAX_VARINT_BYTES);
  const { bytes } = writer;
  let at = writer.length;
  let rest = value;
  while (rest >= TWO_32) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  let low = rest >>> 0;
  while (low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  bytes[at++] = low;
  writer.length = at;
}

const putTag = (writer: WireWriter, field: number, wireType: number): void =>
  putVarint(writer, field * 8 + wireType);

/** A number that is not negative; nothing for 0, as proto3 has it. */
export function writeVarint(writer: WireWriter, field: number, value: number): void {
  if (value === 0) return;
  putTag(writer, field, 0);
  putVarint(writer, value);
}

/** A signed number in two's complement; nothing for 0. Fractions are cut. */
export function writeInt64(writer: WireWriter, field: number, value: number): void {
  if (value >= 0 && Number.isSafeInteger(value)) {
    writeVarint(writer, field, value);
    return;
  }
  putTag(writer, field, 0);
  putBigVarint(writer, BigInt.asUintN(64, BigInt(Math.trunc(value))));
}

/** A signed number, 0 included: a member of a oneof, where presence says something. */
export function writePresentInt64(writer: WireWriter, field: number, value: number): void {
  if (value !== 0) {
    writeInt64(writer, field, value);
    return;
  }
  putTag(writer, field, 0);
  putVarint(writer, 0);
}

function putBigVarint(writer: WireWriter, value: bigint): void {
  reserve(writer, MAX_VARINT_BYTES);
  let rest = value;
  while (rest >= 128n) {
    writer.bytes[writer.length++] = Number(rest & 127n) | 0x80;
    rest >>= 7n;
  }
  writer.bytes[writer.length++] = Number(rest);
}

/** An unsigned number in eight bytes; nothing for 0. */
export function writeFixed64(writer: WireWriter, field: number, value: bigint): void {
  if (value === 0n) return;
  putTag(writer, field, 1);
  reserve(writer, 8);
  const view = new DataView(writer.bytes.buffer, writer.length, 8);
  view.setBigUint64(0, BigInt.asUintN(64, value), true);
  writer.length += 8;
}

/** A floating-point number in eight bytes. */
export function writeDouble(writer: WireWriter, field: number, value: number): void {
  putTag(writer, field, 1);
  reserve(writer, 8);
  new DataView(writer.bytes.buffer, writer.length, 8).setFloat64(0, value, true);
  writer.length += 8;
}

/** Text in UTF-8, the empty one included, as rows of a table need it. */
export function writeText(writer: WireWriter, field: number, value: string): void {
  putTag(writer, field, 2);
  if (value.length * 3 >= SHORT) {
    putBytes(writer, ENCODER.encode(value));
    return;
  }
  reserve(writer, SHORT);
  const { written } = ENCODER.encodeInto(value, writer.bytes.subarray(writer.length + 1));
  writer.bytes[writer.length] = written;
  writer.length += written + 1;
}

/** A run of bytes. */
export function writeBytes(writer: WireWriter, field: number, value: Uint8Array): void {
  putTag(writer, field, 2);
  putBytes(writer, value);
}

function putBytes(writer: WireWriter, value: Uint8Array): void {
  putVarint(writer, value.length);
  reserve(writer, value.length);
  writer.bytes.set(value, writer.length);
  writer.length += value.length;
}

/** Numbers that are not negative, packed; nothing for none. */
export function writePacked(writer: WireWriter, field: number, values: ArrayLike<number>): void {
  if (values.length === 0) return;
  writeMessage(writer, field, () => {
    for (let row = 0; row < values.length; row++) putVarint(writer, values[row] ?? 0);
  });
}

/** Signed numbers, packed, zeros included; nothing for none. */
export function writePackedInt64(
  writer: WireWriter,
  field: number,
  values: readonly number[],
): void {
  if (values.length === 0) return;
  writeMessage(writer, field, () => {
    for (const value of values) {
      if (value >= 0 && Number.isSafeInteger(value)) putVarint(writer, value);
      else putBigVarint(writer, BigInt.asUintN(64, BigInt(Math.trunc(value))));
    }
  });
}

/** A message: what `write` adds is its content. */
export function writeMessage(writer: WireWriter, field: number, write: () => void): void {
  putTag(writer, field, 2);
  reserve(writer, 1);
  const lengthAt = writer.length++;
  write();
  const length = writer.length - lengthAt - 1;
  if (length < SHORT) {
    writer.bytes[lengthAt] = length;
    return;
  }
  let extra = 0;
  for (let rest = length; rest >= SHORT; rest = Math.floor(rest / SHORT)) extra++;
  reserve(writer, extra);
  writer.bytes.copyWithin(lengthAt + 1 + extra, lengthAt + 1, writer.length);
  const end = writer.length + extra;
  writer.length = lengthAt;
  putVarint(writer, length);
  writer.length = end;
}
