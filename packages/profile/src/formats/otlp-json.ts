import type { Parsed } from '../model/parsed.ts';
import { type ParsedOtlp, readOtlp } from './otlp-reader.ts';
import {
  createWireWriter,
  finishWriter,
  type WireWriter,
  writeDouble,
  writeFixed64,
  writeMessage,
  writePackedInt64,
  writePresentInt64,
  writeText,
} from './wire-writer.ts';

/** How a JSON member becomes a field: its number, and what it holds. */
type Member = readonly [field: number, kind: Kind];
type Kind = 'text' | 'int' | 'fixed64' | 'double' | 'bool' | 'ints' | 'times' | (() => Message);
type Message = Readonly<Record<string, Member>>;

/** Messages of the newest schema by their JSON names; names of 1.8 and 1.9 beside. */
const ANY_VALUE: Message = {
  stringValue: [1, 'text'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int'],
  doubleValue: [4, 'double'],
  arrayValue: [5, () => ARRAY_VALUE],
  stringValueStrindex: [8, 'int'],
};
const ARRAY_VALUE: Message = { values: [1, () => ANY_VALUE] };
const KEY_VALUE: Message = {
  key: [1, 'text'],
  value: [2, () => ANY_VALUE],
  keyStrindex: [3, 'int'],
};
const VALUE_TYPE: Message = { typeStrindex: [1, 'int'], unitStrindex: [2, 'int'] };
const SAMPLE: Message = {
  stackIndex: [1, 'int'],
  attributeIndices: [2, 'ints'],
  linkIndex: [3, 'int'],
  values: [4, 'ints'],
  timestampsUnixNano: [5, 'times'],
};
const PROFILE: Message = {
  sampleType: [1, () => VALUE_TYPE],
  samples: [2, () => SAMPLE],
  sample: [2, () => SAMPLE],
  timeUnixNano: [3, 'fixed64'],
  durationNano: [4, 'int'],
  periodType: [5, () => VALUE_TYPE],
  period: [6, 'int'],
  attributeIndices: [11, 'ints'],
};
const SCOPE: Message = {
  name: [1, 'text'],
  version: [2, 'text'],
  attributes: [3, () => KEY_VALUE],
};
const RESOURCE: Message = { attributes: [1, () => KEY_VALUE] };
const SCOPE_PROFILES: Message = { scope: [1, () => SCOPE], profiles: [2, () => PROFILE] };
const RESOURCE_PROFILES: Message = {
  resource: [1, () => RESOURCE],
  scopeProfiles: [2, () => SCOPE_PROFILES],
};
const MAPPING: Message = {
  memoryStart: [1, 'int'],
  memoryLimit: [2, 'int'],
  fileOffset: [3, 'int'],
  filenameStrindex: [4, 'int'],
  attributeIndices: [5, 'ints'],
};
const LINE: Message = { functionIndex: [1, 'int'], line: [2, 'int'], column: [3, 'int'] };
const LOCATION: Message = {
  mappingIndex: [1, 'int'],
  address: [2, 'int'],
  lines: [3, () => LINE],
  line: [3, () => LINE],
  attributeIndices: [4, 'ints'],
};
const FUNCTION: Message = {
  nameStrindex: [1, 'int'],
  systemNameStrindex: [2, 'int'],
  filenameStrindex: [3, 'int'],
  startLine: [4, 'int'],
};
const ATTRIBUTE: Message = {
  keyStrindex: [1, 'int'],
  value: [2, () => ANY_VALUE],
  unitStrindex: [3, 'int'],
};
const STACK: Message = { locationIndices: [1, 'ints'] };
const DICTIONARY: Message = {
  mappingTable: [1, () => MAPPING],
  locationTable: [2, () => LOCATION],
  functionTable: [3, () => FUNCTION],
  stringTable: [5, 'text'],
  attributeTable: [6, () => ATTRIBUTE],
  stackTable: [7, () => STACK],
};
const REQUEST: Message = {
  resourceProfiles: [1, () => RESOURCE_PROFILES],
  dictionary: [2, () => DICTIONARY],
};

/** Messages inside one another; the schema has nine levels without lists of lists. */
const MAX_DEPTH = 24;

/**
 * Reads a request in proto3's JSON form (protobuf.dev/programming-guides/json): 64-bit numbers as
 * text or number, unknown members ignored. It is put into the binary form and read like that.
 */
export function readOtlpJson(text: string): ParsedOtlp {
  const { value, problems } = parse(text);
  const writer = createWireWriter();
  writeMembers(writer, REQUEST, value, 0);
  const read = readOtlp(finishWriter(writer));
  return { ...read, problems: [...problems, ...read.problems] };
}

function parse(text: string): Parsed<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { value, problems: [] };
    }
    return {
      value: {},
      problems: [
        `expected a JSON object, got ${Array.isArray(value) ? 'an array' : text.slice(0, 40)}`,
      ],
    };
  } catch (error) {
    return {
      value: {},
      problems: [`expected JSON: ${error instanceof Error ? error.message : error}`],
    };
  }
}

function writeMembers(writer: WireWriter, message: Message, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  for (const [name, content] of Object.entries(value)) {
    const member = Object.hasOwn(message, name) ? message[name] : undefined;
    if (!member || content === null) continue;
    const [field, kind] = member;
    if (typeof kind === 'function') {
      for (const each of listOf(content)) {
        writeMessage(writer, field, () => writeMembers(writer, kind(), each, depth + 1));
      }
    } else SCALARS[kind](writer, field, content);
  }
}

type Scalar = Exclude<Kind, () => Message>;

const SCALARS: Readonly<
  Record<Scalar, (writer: WireWriter, field: number, content: unknown) => void>
> = {
  text: (writer, field, content) => {
    for (const each of listOf(content))
      writeText(writer, field, typeof each === 'string' ? each : '');
  },
  int: (writer, field, content) => writePresentInt64(writer, field, numberOf(content)),
  bool: (writer, field, content) => writePresentInt64(writer, field, content === true ? 1 : 0),
  double: (writer, field, content) => writeDouble(writer, field, numberOf(content)),
  fixed64: (writer, field, content) => writeFixed64(writer, field, bigintOf(content)),
  ints: (writer, field, content) => writePackedInt64(writer, field, listOf(content).map(numberOf)),
  times: (writer, field, content) => {
    // A time that is 0 still counts.
    for (const time of listOf(content)) writeFixed64(writer, field, bigintOf(time) || 1n);
  },
};

const listOf = (content: unknown): unknown[] => (Array.isArray(content) ? content : [content]);

const MAX_INT64 = 2 ** 63;

function numberOf(content: unknown): number {
  const value = typeof content === 'string' ? Number(content) : content;
  return typeof value === 'number' && Math.abs(value) < MAX_INT64 ? value : 0;
}

function bigintOf(content: unknown): bigint {
  try {
    return typeof content === 'string' || typeof content === 'number' ? BigInt(content) : 0n;
  } catch {
    return 0n;
  }
}
