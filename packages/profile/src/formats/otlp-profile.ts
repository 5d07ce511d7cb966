import { pushRow } from '../model/growing-tables.ts';
import type { Problems } from '../model/parsed.ts';
import { NONE } from '../model/profile.ts';
import { qualityCounts } from '../model/quality.ts';
import { type LabelEntry, MAX_TYPES, type Measures, msOfNs, pushLabel } from './measures.ts';
import type { Dictionary } from './otlp-dictionary.ts';
import {
  type LabelOf,
  NO_TYPE,
  OWN_ATTRIBUTES,
  type TypeRule,
  typeRule,
  type ValueType,
} from './otlp-labels.ts';
import {
  type OtlpSchema,
  PROFILE_FIELDS,
  type ProfileFields,
  SAMPLE_FIELDS,
  type SampleFields,
  varintField,
} from './otlp-schema.ts';
import { createSampleSeries, type SeriesRows } from './sample-series.ts';
import { MAX_DEPTH } from './stack-table.ts';
import {
  enter,
  leave,
  nextField,
  readFixed64,
  readInt64,
  readMessage,
  readNumbersInto,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** What is read of all profiles of a request, and by what. */
export interface OtlpMeasures extends Measures {
  readonly schema: OtlpSchema;
  readonly dictionary: Dictionary;
  readonly problems: Problems;
  readonly labelOf: LabelOf;
}

/** What a Profile message says besides its samples. */
interface Head {
  readonly sampleTypes: ValueType[];
  periodType: ValueType;
  period: number;
  timeMs: number;
  durationNs: number;
  readonly attributes: number[];
  /** Locations that samples of 1.7 take ranges of. */
  readonly locations: number[];
  /** Where the samples begin. */
  readonly samples: number[];
}

/** Reads a Profile: its head first, as its samples need it, then them. */
export function readProfileMessage(
  reader: WireReader,
  labels: readonly LabelEntry[],
  measures: OtlpMeasures,
): void {
  const head = readHead(reader, measures);
  const names = new Map<string, unknown>();
  const own = [...labels];
  for (const row of head.attributes) {
    const attribute = measures.dictionary.attributes[row];
    if (!attribute) continue;
    names.set(attribute.name, attribute.value);
    const entry = measures.labelOf(attribute);
    if (entry) pushLabel(own, entry, measures.problems);
  }
  const given = names.get(OWN_ATTRIBUTES.name);
  const period = { ...head.periodType, value: head.period };
  const types = head.sampleTypes.length > 0 ? head.sampleTypes : [NO_TYPE];
  const rules = types.map((type) => typeRule(type, period, typeof given === 'string' ? given : ''));
  measures.cover(head.timeMs, head.durationNs);
  readSamples(reader, { head, rules, labels: own }, measures);
  addQuality(names, { head, rules, labels: own }, measures);
}

function readHead(reader: WireReader, { schema, dictionary, problems }: OtlpMeasures): Head {
  const fields = PROFILE_FIELDS[schema];
  const head: Head = {
    sampleTypes: [],
    periodType: NO_TYPE,
    period: 0,
    timeMs: 0,
    durationNs: 0,
    attributes: [],
    locations: [],
    samples: [],
  };
  const valueType = (): ValueType => readValueType(reader, dictionary.texts);
  const readSampleType = (): void => {
    const type = valueType();
    if (head.sampleTypes.length < MAX_TYPES) head.sampleTypes.push(type);
    else problems.add(`more than ${MAX_TYPES} sample types: the rest is left out`);
  };
  readMessage(reader, (field) => {
    if (field === 2) {
      if (reader.wireType === WIRE.bytes) head.samples.push(reader.offset);
      skipField(reader);
    } else if (field === 1 && reader.wireType === WIRE.bytes) readSampleType();
    else if (field === fields.periodType && reader.wireType === WIRE.bytes) {
      head.periodType = valueType();
    } else readHeadNumber(reader, head, fields);
  });
  return head;
}

function readHeadNumber(reader: WireReader, head: Head, fields: ProfileFields): void {
  switch (reader.field) {
    case fields.time:
      head.timeMs = msOfNs(readNumber(reader));
      break;
    case fields.duration:
      head.durationNs = readNumber(reader);
      break;
    case fields.period:
      head.period = readNumber(reader);
      break;
    case fields.attributes:
      readNumbersInto(reader, head.attributes);
      break;
    case fields.locationIndices:
      readNumbersInto(reader, head.locations);
      break;
    default:
      skipField(reader);
  }
}

/** A number, be it a varint (signed) or eight bytes. */
function readNumber(reader: WireReader): number {
  if (reader.wireType === WIRE.varint) return readInt64(reader);
  if (reader.wireType === WIRE.fixed64) return readFixed64(reader);
  skipField(reader);
  return 0;
}

function readValueType(reader: WireReader, strings: readonly string[]): ValueType {
  let type = 0;
  let unit = 0;
  readMessage(reader, (field) => {
    if (field === 1) type = varintField(reader);
    else if (field === 2) unit = varintField(reader);
    else skipField(reader);
  });
  return { type: strings[type] ?? '', unit: strings[unit] ?? '' };
}

interface Context {
  readonly head: Head;
  /** One a value of a sample; all but 1.7 have one. */
  readonly rules: readonly TypeRule[];
  readonly labels: readonly LabelEntry[];
}

/** One sample while it is read; its arrays are used again for the next. */
interface SampleRow {
  stack: number;
  locationsStart: number;
  locationsLength: number;
  times: number;
  readonly values: number[];
  readonly attributes: number[];
}

function readSamples(reader: WireReader, context: Context, measures: OtlpMeasures): void {
  const { head, rules } = context;
  const { offset: back, end } = reader;
  const series = createSeriesOf(context, measures);
  const fields = SAMPLE_FIELDS[measures.schema];
  const row: SampleRow = {
    ...{ stack: 0, locationsStart: 0, locationsLength: 0, times: 0 },
    values: [],
    attributes: [],
  };
  let withoutValue = 0;
  for (const offset of head.samples) {
    reader.offset = offset;
    reader.end = reader.bytes.length;
    reader.wireType = WIRE.bytes;
    readSample(reader, row, fields);
    if (row.values.length === 0 && row.times === 0) {
      withoutValue++;
      continue;
    }
    const stack = stackOf(row, head, measures);
    const rowOf = series(row.attributes);
    for (const [column, { scale }] of rules.entries()) {
      const value = sampleValue(row, column, rules.length) * scale;
      if (value === 0) continue;
      const of = rowOf(column);
      if (of === NONE) continue;
      measures.samples.timeMs.push(head.timeMs);
      measures.samples.series.push(of);
      measures.samples.stack.push(stack);
      measures.samples.value.push(value);
    }
  }
  if (withoutValue > 0) measures.problems.add(`${withoutValue} samples have no value`);
  reader.offset = back;
  reader.end = end;
}

function readSample(reader: WireReader, row: SampleRow, fields: SampleFields): void {
  row.stack = 0;
  row.locationsStart = 0;
  row.locationsLength = 0;
  row.times = 0;
  row.values.length = 0;
  row.attributes.length = 0;
  const outerEnd = enter(reader);
  while (nextField(reader)) readSampleField(reader, row, fields);
  leave(reader, outerEnd);
}

function readSampleField(reader: WireReader, row: SampleRow, fields: SampleFields): void {
  switch (reader.field) {
    case fields.stack:
      row.stack = varintField(reader);
      break;
    case fields.values:
      readNumbersInto(reader, row.values, readInt64);
      break;
    case fields.attributes:
      readNumbersInto(reader, row.attributes);
      break;
    case fields.timestamps:
      row.times += countFixed64(reader);
      break;
    case fields.locationsStart:
      row.locationsStart = varintField(reader);
      break;
    case fields.locationsLength:
      row.locationsLength = varintField(reader);
      break;
    default:
      skipField(reader);
  }
}

function countFixed64(reader: WireReader): number {
  const from = reader.offset;
  const isPacked = reader.wireType === WIRE.bytes;
  skipField(reader);
  return isPacked ? Math.floor((reader.offset - from) / 8) : 1;
}

function stackOf(
  row: SampleRow,
  { locations }: Head,
  { schema, dictionary }: OtlpMeasures,
): number {
  if (schema !== '1.7') return dictionary.stackOf(row.stack);
  // One more than is kept, so that the cut is told.
  const length = Math.min(row.locationsLength, MAX_DEPTH + 1);
  const end = row.locationsStart + length;
  return dictionary.internStack(locations.slice(row.locationsStart, end));
}

/**
 * The value of one type. Without values each time counts one; with one type several values are those
 * of several times.
 */
function sampleValue({ values, times }: SampleRow, column: number, types: number): number {
  if (values.length === 0) return column === 0 ? times : 0;
  if (types > 1) return values[column] ?? 0;
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Gives the series of a sample by its attributes; those that are no labels tell none apart. */
function createSeriesOf(
  { head, rules, labels }: Context,
  measures: OtlpMeasures,
): (attributes: readonly number[]) => SeriesRows {
  const types = rules.map(({ type }) => type);
  const series = createSampleSeries({ types, period: head.period }, measures);
  const { dictionary, labelOf, problems } = measures;
  const entryOf = (row: number): LabelEntry | undefined => labelOf(dictionary.attributes[row]);
  return (attributes) => {
    const own = attributes.length === 0 ? attributes : attributes.filter(entryOf);
    return series(own.join(), () => {
      const all = [...labels];
      for (const row of own) {
        const entry = entryOf(row);
        if (entry) pushLabel(all, entry, problems);
      }
      return all;
    });
  };
}

/** The quality that our own agents send with a profile. */
function addQuality(
  names: ReadonlyMap<string, unknown>,
  { head, rules, labels }: Context,
  { quality, series, labels: labelsOf }: OtlpMeasures,
): void {
  const count = (name: string): number => {
    const value = names.get(name);
    return typeof value === 'number' ? Math.max(0, value) : 0;
  };
  const [rule] = rules;
  if (!rule || !names.has(OWN_ATTRIBUTES.taken)) return;
  const all = labelsOf(labels);
  const of = all ? series(all, rule.type, head.period) : NONE;
  if (of === NONE) return;
  pushRow(quality, {
    timeMs: head.timeMs,
    series: of,
    ...qualityCounts((name) => count(OWN_ATTRIBUTES[name])),
  });
}
