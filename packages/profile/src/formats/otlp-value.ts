import {
  readFixed64,
  readInt64,
  readMessage,
  readText,
  readVarint,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** What an attribute says; lists and bytes are not looked into, but for a list of one. */
export type AttributeValue = string | number | boolean | undefined;

const MAX_DEPTH = 4;
const ARRAY_VALUE = 5;
/** How the fields for string, bool, int, double and row of the string table are laid out. */
const LEAF_TYPES: Readonly<Record<number, number>> = {
  1: WIRE.bytes,
  2: WIRE.varint,
  3: WIRE.varint,
  4: WIRE.fixed64,
  8: WIRE.varint,
};

/**
 * Reads an `AnyValue` (opentelemetry/proto/common/v1/common.proto). From 1.10 it may name a string
 * of the dictionary.
 */
export function readAnyValue(
  reader: WireReader,
  strings: readonly string[],
  depth = 0,
): AttributeValue {
  let value: AttributeValue;
  readMessage(reader, (field) => {
    const isLeaf = field !== ARRAY_VALUE || depth >= MAX_DEPTH || reader.wireType !== WIRE.bytes;
    value = isLeaf ? readLeaf(reader, field, strings) : readOnlyValue(reader, strings, depth + 1);
  });
  return value;
}

function readLeaf(reader: WireReader, field: number, strings: readonly string[]): AttributeValue {
  if (LEAF_TYPES[field] !== reader.wireType) {
    skipField(reader);
    return undefined;
  }
  switch (field) {
    case 1:
      return readText(reader);
    case 2:
      return readVarint(reader) !== 0;
    case 3:
      return readInt64(reader);
    case 4:
      return readDouble(reader);
    default:
      return strings[readVarint(reader)];
  }
}

function readDouble(reader: WireReader): number {
  const at = reader.offset;
  readFixed64(reader);
  return reader.failed ? 0 : reader.view.getFloat64(at, true);
}

/** The value of an `ArrayValue` that has just one. */
function readOnlyValue(
  reader: WireReader,
  strings: readonly string[],
  depth: number,
): AttributeValue {
  const values: AttributeValue[] = [];
  readMessage(reader, (field) => {
    if (field === 1 && reader.wireType === WIRE.bytes) {
      values.push(readAnyValue(reader, strings, depth));
    } else skipField(reader);
  });
  return values.length === 1 ? values[0] : undefined;
}
