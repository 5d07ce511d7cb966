import { finishTable, type Growing, growingFunctions, pushRow } from '../model/growing-tables.ts';
import type { Problems } from '../model/parsed.ts';
import { FRAME_KINDS, type Frames, type Functions, type Mappings } from '../model/profile.ts';
import { framesOf, locationColumns, type RawLocations } from './location-frames.ts';
import { varintField } from './otlp-schema.ts';
import { type AttributeValue, readAnyValue } from './otlp-value.ts';
import { createStacks, type StackBounds, type StackRows } from './stack-table.ts';
import {
  readMessage,
  readNumbersInto,
  readText,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** A row of the attribute table. */
export interface DictionaryAttribute {
  readonly name: string;
  readonly value: AttributeValue;
}

/** The tables that all profiles of a request refer to. */
export interface Dictionary extends StackRows {
  /** Of the profile; see {@link Dictionary.texts}. */
  readonly strings: readonly string[];
  /** The string table as it came, for indices that came with it. */
  readonly texts: readonly string[];
  readonly attributes: readonly DictionaryAttribute[];
  readonly functions: Functions;
  readonly mappings: Mappings;
  readonly frames: Frames;
}

interface RawTables {
  readonly strings: string[];
  readonly attributes: DictionaryAttribute[];
  readonly functions: Growing<Functions>;
  readonly mappings: { readonly file: number[]; readonly attributes: number[][] };
  readonly locations: RawLocations;
  /** Rows of the attribute table, by location. */
  readonly locationAttributes: number[][];
  readonly stacks: number[][];
}

/**
 * Reads `ProfilesDictionary` (its rows may be in any order). Index 0 means "none" for mappings,
 * attributes, strings and stacks, but is a location and function like every other.
 */
export function readDictionary(reader: WireReader, problems: Problems): Dictionary {
  const raw: RawTables = {
    strings: [],
    attributes: [],
    functions: growingFunctions(),
    mappings: { file: [], attributes: [] },
    locations: locationColumns(),
    locationAttributes: [],
    stacks: [],
  };
  const attributeRows: (() => void)[] = [];
  readMessage(reader, (field) => {
    if (reader.wireType !== WIRE.bytes) skipField(reader);
    else (TABLES[field] ?? skipField)(reader, raw, attributeRows);
  });
  if (reader.failed) problems.add('the dictionary is cut');
  // Attributes may name strings that come after them.
  for (const read of attributeRows) read();
  return finish(raw, { problems, sizeBytes: reader.bytes.length });
}

const TABLES: Readonly<
  Record<number, (reader: WireReader, raw: RawTables, later: (() => void)[]) => void>
> = {
  1: (reader, { mappings }) => readMapping(reader, mappings),
  2: readLocation,
  3: (reader, { functions }) => readFunction(reader, functions),
  5: (reader, { strings }) => {
    strings.push(readText(reader));
  },
  6: readAttribute,
  7: (reader, { stacks }) => {
    const locations: number[] = [];
    readMessage(reader, (field) => {
      if (field === 1) readNumbersInto(reader, locations);
      else skipField(reader);
    });
    stacks.push(locations);
  },
};

function readMapping(reader: WireReader, mappings: RawTables['mappings']): void {
  let file = 0;
  const attributes: number[] = [];
  readMessage(reader, (field) => {
    if (field === 4) file = varintField(reader);
    else if (field === 5) readNumbersInto(reader, attributes);
    else skipField(reader);
  });
  mappings.file.push(file);
  mappings.attributes.push(attributes);
}

function readLocation(reader: WireReader, { locations, locationAttributes }: RawTables): void {
  let mapping = 0;
  let address = 0;
  const attributes: number[] = [];
  locations.firstLine.push(locations.line.length);
  readMessage(reader, (field) => {
    if (field === 1) mapping = varintField(reader);
    else if (field === 2) address = varintField(reader);
    else if (field === 3 && reader.wireType === WIRE.bytes) readLine(reader, locations);
    // 1.7 has is_folded in 4 and its attributes in 5; the newer ones have attributes in 4.
    else if (field >= 4 && reader.wireType === WIRE.bytes) {
      readNumbersInto(reader, attributes);
    } else skipField(reader);
  });
  locations.mapping.push(mapping);
  locations.address.push(address);
  locations.kind.push(0);
  locationAttributes.push(attributes);
}

function readLine(reader: WireReader, locations: RawTables['locations']): void {
  let fn = 0;
  let line = 0;
  readMessage(reader, (field) => {
    if (field === 1) fn = varintField(reader);
    else if (field === 2) line = varintField(reader);
    else skipField(reader);
  });
  locations.lineFunction.push(fn);
  locations.line.push(line);
}

function readFunction(reader: WireReader, functions: RawTables['functions']): void {
  const row = [0, 0, 0, 0, 0];
  readMessage(reader, (field) => {
    if (field < row.length) row[field] = varintField(reader);
    else skipField(reader);
  });
  pushRow(functions, {
    name: (row[1] || row[2]) ?? 0,
    file: row[3] ?? 0,
    startLine: row[4] ?? 0,
  });
}

/** KeyValueAndUnit; before 1.8 KeyValue, whose key is the text itself. */
function readAttribute(reader: WireReader, raw: RawTables, later: (() => void)[]): void {
  let key = 0;
  let name: string | undefined;
  let value: AttributeValue;
  const row = raw.attributes.push({ name: '', value: undefined }) - 1;
  readMessage(reader, (field) => {
    if (field === 1 && reader.wireType === WIRE.bytes) name = readText(reader);
    else if (field === 1) key = varintField(reader);
    else if (field === 2 && reader.wireType === WIRE.bytes)
      value = readAnyValue(reader, raw.strings);
    else skipField(reader);
  });
  later.push(() => {
    raw.attributes[row] = { name: name ?? raw.strings[key] ?? '', value };
  });
}

const FRAME_TYPE = 'profile.frame.type';

function kindOf(rows: readonly number[], attributes: readonly DictionaryAttribute[]): number {
  const value = rows.map((row) => attributes[row]).find((each) => each?.name === FRAME_TYPE)?.value;
  return Math.max(0, (FRAME_KINDS as readonly unknown[]).indexOf(value));
}

const BUILD_IDS = ['process.executable.build_id.gnu', 'process.executable.build_id.go'];

function finish(raw: RawTables, bounds: StackBounds): Dictionary {
  // Row 0 of our strings is the empty one; a request that has another there is shifted by a row.
  const shift = raw.strings[0] === '' ? 0 : 1;
  const strings = shift === 0 ? raw.strings : ['', ...raw.strings];
  const stringOf = (row: number): number => (row + shift < strings.length ? row + shift : 0);
  const buildIds = new Map<string, number>();
  const buildIdOf = (rows: readonly number[]): number => {
    const value = rows
      .map((row) => raw.attributes[row])
      .find((attribute) => BUILD_IDS.includes(attribute?.name ?? ''))?.value;
    if (typeof value !== 'string' || value === '') return 0;
    const known = buildIds.get(value) ?? strings.push(value) - 1;
    buildIds.set(value, known);
    return known;
  };
  const raws = finishTable(raw.functions);
  const functions = { ...raws, name: raws.name.map(stringOf), file: raws.file.map(stringOf) };
  const mappings = {
    length: raw.mappings.file.length,
    file: Int32Array.from(raw.mappings.file, stringOf),
    buildId: Int32Array.from(raw.mappings.attributes, buildIdOf),
  };
  for (const [row, attributes] of raw.locationAttributes.entries()) {
    raw.locations.kind.add(row, kindOf(attributes, raw.attributes));
  }
  const { frames, firstFrame } = framesOf(raw.locations, { functions, mappings });
  return {
    strings,
    texts: raw.strings,
    attributes: raw.attributes,
    functions,
    mappings,
    frames,
    ...createStacks(firstFrame, raw.stacks, bounds),
  };
}
