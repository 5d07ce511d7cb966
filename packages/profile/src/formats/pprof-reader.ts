import { labelName } from '../labels/attribute-names.ts';
import { checkProfile } from '../model/check.ts';
import {
  finishTable,
  type Growing,
  growingFunctions,
  growingMappings,
  pushRow,
} from '../model/growing-tables.ts';
import { createProblems, type Parsed, type Problems } from '../model/parsed.ts';
import { type Functions, type Mappings, NONE, type Profile } from '../model/profile.ts';
import type { ProfileType } from '../model/profile-type.ts';
import { framesOf, locationColumns, type RawLocations } from './location-frames.ts';
import {
  createMeasures,
  type LabelEntry,
  MAX_TYPES,
  type Measures,
  msOfNs,
  pushLabel,
} from './measures.ts';
import type { ValueType } from './otlp-labels.ts';
import { varintField } from './otlp-schema.ts';
import { createSampleSeries } from './sample-series.ts';
import { createStacks, type StackRows } from './stack-table.ts';
import {
  createWireReader,
  nextField,
  readInt64,
  readKey,
  readMessage,
  readNumbersInto,
  readText,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** Ids are any 64 bits: some encoders use addresses or hashes. */
type Id = number | bigint;

/** What a file holds besides its samples; rows are in the order they come. */
interface Tables {
  readonly strings: string[];
  readonly sampleTypes: [type: number, unit: number][];
  /** Id to row; row 0 is "none". */
  readonly mappingIds: Map<Id, number>;
  readonly mappings: Growing<Mappings>;
  readonly functionIds: Map<Id, number>;
  readonly functions: Growing<Functions>;
  readonly locationIds: Map<Id, number>;
  readonly locations: RawLocations;
  /** Ids by location, put into rows when all mappings are known. */
  readonly locationMapping: Id[];
  /** The same of functions, by line. */
  readonly lineFunction: Id[];
  /** Names of labels by what they are made of. */
  readonly labelNames: Map<string, string>;
  /** Where the samples begin. */
  readonly samples: number[];
  timeNs: number;
  durationNs: number;
  period: number;
  periodType: [type: number, unit: number];
}

/**
 * Reads a pprof file, already unpacked (github.com/google/pprof, proto/profile.proto): one series a
 * sample type and set of string labels; numeric labels are left out. What refers to nothing is
 * dropped. Time and memory are proportional to the file, at most some two hundred bytes a byte for
 * hostile ones.
 */
export function readPprof(bytes: Uint8Array): Parsed<Profile> {
  const problems = createProblems();
  const reader = createWireReader(bytes);
  const tables = readTables(reader, problems);
  checkTypes(tables, problems);
  const { functions, mappings } = finishTables(tables);
  const { frames, firstFrame } = framesOf(tables.locations, { functions, mappings });
  const stacks = createStacks(firstFrame, [], { problems, sizeBytes: bytes.length });
  const measures = createMeasures(problems, bytes.length);
  measures.cover(msOfNs(tables.timeNs), tables.durationNs);
  readSamples(reader, tables, { stacks, measures, problems });
  const value = {
    strings: tables.strings,
    functions,
    mappings,
    frames,
    stacks: stacks.finishStacks(),
    ...measures.finish(),
  };
  for (const problem of checkProfile(value)) problems.add(problem);
  return { value, problems: problems.list() };
}

function readTables(reader: WireReader, problems: Problems): Tables {
  const tables: Tables = {
    strings: [],
    sampleTypes: [],
    mappingIds: new Map(),
    mappings: growingMappings(),
    functionIds: new Map(),
    functions: growingFunctions(),
    locationIds: new Map(),
    locations: locationColumns(),
    locationMapping: [],
    lineFunction: [],
    labelNames: new Map(),
    samples: [],
    timeNs: 0,
    durationNs: 0,
    period: 0,
    periodType: [0, 0],
  };
  pushRow(tables.mappings, { file: 0, buildId: 0 });
  pushRow(tables.functions, { name: 0, file: 0, startLine: 0 });
  while (nextField(reader)) readField(reader, tables);
  if (reader.failed) problems.add('the file is cut');
  if (tables.strings[0] !== '') {
    problems.add('expected a string table that begins with the empty string');
    tables.strings[0] = '';
  }
  return tables;
}

function checkTypes({ sampleTypes }: Tables, problems: Problems): void {
  if (sampleTypes.length === 0) problems.add('expected sample types, got none');
  if (sampleTypes.length <= MAX_TYPES) return;
  problems.add(`more than ${MAX_TYPES} sample types: the rest is left out`);
  sampleTypes.length = MAX_TYPES;
}

const MESSAGES: Readonly<Record<number, (reader: WireReader, tables: Tables) => void>> = {
  1: (reader, { sampleTypes }) => {
    sampleTypes.push(readValueType(reader));
  },
  2: (reader, { samples }) => {
    samples.push(reader.offset);
    skipField(reader);
  },
  3: readMapping,
  4: readLocation,
  5: readFunction,
  6: (reader, { strings }) => {
    strings.push(readText(reader));
  },
  11: (reader, tables) => {
    tables.periodType = readValueType(reader);
  },
};

function readField(reader: WireReader, tables: Tables): void {
  const { field, wireType } = reader;
  if (wireType === WIRE.bytes) (MESSAGES[field] ?? skipField)(reader, tables);
  else if (wireType !== WIRE.varint) skipField(reader);
  else if (field === 9) tables.timeNs = readInt64(reader);
  else if (field === 10) tables.durationNs = readInt64(reader);
  else if (field === 12) tables.period = readInt64(reader);
  else skipField(reader);
}

/** The numbers in the first fields of a message, by field; 0 for those that are not there. */
function readNumbers(reader: WireReader, most: number): number[] {
  return readMessageWithId(reader, most).numbers;
}

/** The same of a message whose first field is its id, or that of what it refers to. */
function readMessageWithId(reader: WireReader, most: number): { id: Id; numbers: number[] } {
  const numbers = new Array<number>(most + 1).fill(0);
  let id: Id = 0;
  readMessage(reader, (field) => {
    if (field === 1) {
      id = idField(reader);
      numbers[1] = Number(id);
    } else if (field <= most) numbers[field] = varintField(reader);
    else skipField(reader);
  });
  return { id, numbers };
}

function idField(reader: WireReader): Id {
  if (reader.wireType === WIRE.varint) return readKey(reader);
  skipField(reader);
  return 0;
}

function readValueType(reader: WireReader): [number, number] {
  const [, type = 0, unit = 0] = readNumbers(reader, 2);
  return [type, unit];
}

function readMapping(reader: WireReader, tables: Tables): void {
  const { id, numbers } = readMessageWithId(reader, 6);
  const [, , , , , file = 0, buildId = 0] = numbers;
  tables.mappingIds.set(id, tables.mappings.file.length);
  pushRow(tables.mappings, { file, buildId });
}

function readFunction(reader: WireReader, tables: Tables): void {
  const { id, numbers } = readMessageWithId(reader, 5);
  const [, , name = 0, systemName = 0, file = 0, line = 0] = numbers;
  tables.functionIds.set(id, tables.functions.name.length);
  pushRow(tables.functions, { name: name || systemName, file, startLine: line });
}

function readLocation(reader: WireReader, tables: Tables): void {
  const { locations } = tables;
  let id: Id = 0;
  let mapping: Id = 0;
  let address = 0;
  locations.firstLine.push(locations.line.length);
  readMessage(reader, (field) => {
    if (field === 1) id = idField(reader);
    else if (field === 2) mapping = idField(reader);
    else if (field === 3) address = varintField(reader);
    else if (field === 4 && reader.wireType === WIRE.bytes) {
      const { id: fn, numbers } = readMessageWithId(reader, 2);
      tables.lineFunction.push(fn);
      locations.line.push(numbers[2] ?? 0);
    } else skipField(reader);
  });
  tables.locationIds.set(id, tables.locationMapping.length);
  tables.locationMapping.push(mapping);
  locations.address.push(address);
  locations.kind.push(0);
}

/** Ids into rows, and rows of strings that are not there into that of the empty one. */
function finishTables(tables: Tables): {
  readonly functions: Functions;
  readonly mappings: Mappings;
} {
  const { locations, mappingIds, functionIds, strings } = tables;
  for (const id of tables.locationMapping) locations.mapping.push(mappingIds.get(id) ?? 0);
  for (const id of tables.lineFunction) locations.lineFunction.push(functionIds.get(id) ?? 0);
  const texts = (rows: Int32Array): Int32Array =>
    rows.map((row) => (row >= 0 && row < strings.length ? row : 0));
  const functions = finishTable(tables.functions);
  const mappings = finishTable(tables.mappings);
  return {
    functions: { ...functions, name: texts(functions.name), file: texts(functions.file) },
    mappings: { ...mappings, file: texts(mappings.file), buildId: texts(mappings.buildId) },
  };
}

interface Into {
  readonly stacks: StackRows;
  readonly measures: Measures;
  readonly problems: Problems;
}

/** One sample while it is read; its arrays are used again for the next. */
interface SampleRow {
  readonly locations: number[];
  readonly values: number[];
  /** Rows of the string table: a name, its value, the next name, … */
  readonly labels: number[];
}

function readSamples(
  reader: WireReader,
  tables: Tables,
  { stacks, measures, problems }: Into,
): void {
  const types = typesOf(tables);
  const series = createSampleSeries({ types, period: tables.period }, measures);
  const timeMs = msOfNs(tables.timeNs);
  const row: SampleRow = { locations: [], values: [], labels: [] };
  for (const offset of tables.samples) {
    reader.offset = offset;
    reader.end = reader.bytes.length;
    reader.wireType = WIRE.bytes;
    readSample(reader, row, tables);
    const stack = stacks.internStack(row.locations);
    const rowOf = series(row.labels.join(), () => entriesOf(row.labels, tables, problems));
    for (let column = 0; column < types.length; column++) {
      const value = row.values[column] ?? 0;
      if (value === 0) continue;
      const of = rowOf(column);
      if (of === NONE) continue;
      measures.samples.timeMs.push(timeMs);
      measures.samples.series.push(of);
      measures.samples.stack.push(stack);
      measures.samples.value.push(value);
    }
  }
}

function readSample(reader: WireReader, row: SampleRow, tables: Tables): void {
  row.locations.length = 0;
  row.values.length = 0;
  row.labels.length = 0;
  const location = (): number =>
    tables.locationIds.get(readKey(reader)) ?? tables.locationMapping.length;
  readMessage(reader, (field) => {
    if (field === 1) readNumbersInto(reader, row.locations, location);
    else if (field === 2) readNumbersInto(reader, row.values, readInt64);
    else if (field === 3 && reader.wireType === WIRE.bytes) readLabel(reader, row);
    else skipField(reader);
  });
}

/** Labels with a number instead of a text are left out. */
function readLabel(reader: WireReader, { labels }: SampleRow): void {
  const [, key = 0, text = 0] = readNumbers(reader, 2);
  if (text > 0) labels.push(key, text);
}

function entriesOf(
  rows: readonly number[],
  { strings, labelNames }: Tables,
  problems: Problems,
): readonly LabelEntry[] {
  const entries: LabelEntry[] = [];
  for (let at = 0; at < rows.length; at += 2) {
    const text = strings[rows[at] ?? 0] ?? '';
    if (text === '') continue;
    const name = labelNames.get(text) ?? labelName(text);
    labelNames.set(text, name);
    pushLabel(entries, [name, strings[rows[at + 1] ?? 0] ?? ''], problems);
  }
  return entries;
}

/** The profile types of the sample types, named as Pyroscope names them. */
function typesOf({ strings, sampleTypes, periodType }: Tables): readonly ProfileType[] {
  const valueType = ([type, unit]: [number, number]): ValueType => ({
    type: strings[type] ?? '',
    unit: strings[unit] ?? '',
  });
  const all = sampleTypes.map(valueType);
  const period = valueType(periodType);
  const isWall = all.some(({ type }) => type === 'wall');
  return all.map(({ type, unit }) => ({
    name: isWall ? 'wall' : nameOf(type),
    sampleType: type || 'samples',
    sampleUnit: unit || 'count',
    periodType: period.type,
    periodUnit: period.unit,
  }));
}

const NAMES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^(cpu|samples)$/, 'process_cpu'],
  [/^(alloc|inuse)_|space|objects/, 'memory'],
  [/^(contentions|delay)$/, 'mutex'],
  [/^goroutines?$/, 'goroutines'],
];

const nameOf = (type: string): string =>
  NAMES.find(([pattern]) => pattern.test(type))?.[1] ?? (type || 'samples');
