import { impliedLabels } from '../labels/attribute-names.ts';
import { checkProfile } from '../model/check.ts';
import { createProblems, type Parsed, type Problems } from '../model/parsed.ts';
import type { Profile } from '../model/profile.ts';
import { createMeasures, type LabelEntry, pushLabel } from './measures.ts';
import { type Dictionary, readDictionary } from './otlp-dictionary.ts';
import { createLabelOf, readKeyValue } from './otlp-labels.ts';
import { type OtlpMeasures, readProfileMessage } from './otlp-profile.ts';
import { detectSchema, type OtlpSchema } from './otlp-schema.ts';
import {
  createWireReader,
  enter,
  leave,
  nextField,
  readMessage,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** A request that was read, and by which schema. */
export interface ParsedOtlp extends Parsed<Profile> {
  readonly schema: OtlpSchema;
}

const REQUEST = { resourceProfiles: 1, dictionary: 2 } as const;

/**
 * Reads an `ExportProfilesServiceRequest` of OpenTelemetry (opentelemetry-proto, profiles
 * v1development), in any of its layouts since 1.7: one dictionary, any number of profiles. Sound by
 * construction: rows that refer to nothing are dropped with a problem. Time and memory are
 * proportional to the request, at most some two hundred bytes a byte for hostile ones.
 */
export function readOtlp(bytes: Uint8Array): ParsedOtlp {
  const problems = createProblems();
  const schema = detectSchema(bytes);
  const dictionary = readRequestDictionary(bytes, problems);
  const measures: OtlpMeasures = {
    ...createMeasures(problems, bytes.length),
    ...{ schema, dictionary, problems, labelOf: createLabelOf() },
  };
  const reader = createWireReader(bytes);
  while (nextField(reader)) {
    const isResource = reader.field === REQUEST.resourceProfiles && reader.wireType === WIRE.bytes;
    if (isResource) readResource(reader, measures);
    else skipField(reader);
  }
  if (reader.failed) problems.add('the request is cut');
  const value = finish(dictionary, measures);
  for (const problem of checkProfile(value)) problems.add(problem);
  return { value, problems: problems.list(), schema };
}

/** The dictionary may come after the profiles that refer to it. */
function readRequestDictionary(bytes: Uint8Array, problems: Problems): Dictionary {
  const reader = createWireReader(bytes);
  while (nextField(reader)) {
    if (reader.field === REQUEST.dictionary && reader.wireType === WIRE.bytes) {
      return readDictionary(reader, problems);
    }
    skipField(reader);
  }
  return readDictionary(
    { ...createWireReader(new Uint8Array([0])), wireType: WIRE.bytes },
    problems,
  );
}

/**
 * ResourceProfiles, then ScopeProfiles: both have attributes that become labels, the scope's after
 * the resource's. They may come after the profiles, so profiles are read last.
 */
function readResource(reader: WireReader, measures: OtlpMeasures): void {
  const own: LabelEntry[] = [];
  const scopes: number[] = [];
  readMessage(reader, (field) => {
    if (field === 1 && reader.wireType === WIRE.bytes) readAttributes(reader, 1, own, measures);
    else {
      if (field === 2 && reader.wireType === WIRE.bytes) scopes.push(reader.offset);
      skipField(reader);
    }
  });
  // What is sent comes after what is implied, as the last of equal names is kept.
  const labels = [...impliedLabels(own), ...own];
  for (const offset of scopes) at(reader, offset, () => readScope(reader, labels, measures));
}

function readScope(reader: WireReader, outer: readonly LabelEntry[], measures: OtlpMeasures): void {
  const labels = [...outer];
  const profiles: number[] = [];
  readMessage(reader, (field) => {
    if (field === 1 && reader.wireType === WIRE.bytes) {
      // InstrumentationScope: name 1, version 2, attributes 3.
      readAttributes(reader, 3, labels, measures);
    } else {
      if (field === 2 && reader.wireType === WIRE.bytes) profiles.push(reader.offset);
      skipField(reader);
    }
  });
  for (const offset of profiles) {
    at(reader, offset, () => readProfileMessage(reader, labels, measures));
  }
}

/** Reads again from where a message's length stands, then goes back. */
function at(reader: WireReader, offset: number, read: () => void): void {
  const { offset: back, end } = reader;
  reader.offset = offset;
  reader.end = reader.bytes.length;
  reader.wireType = WIRE.bytes;
  read();
  reader.offset = back;
  reader.end = end;
}

function readAttributes(
  reader: WireReader,
  attributeField: number,
  labels: LabelEntry[],
  { dictionary, labelOf, problems }: OtlpMeasures,
): void {
  const outerEnd = enter(reader);
  while (nextField(reader)) {
    if (reader.field === attributeField && reader.wireType === WIRE.bytes) {
      const entry = labelOf(readKeyValue(reader, dictionary.texts));
      if (entry) pushLabel(labels, entry, problems);
    } else skipField(reader);
  }
  leave(reader, outerEnd);
}

function finish(dictionary: Dictionary, measures: OtlpMeasures): Profile {
  return {
    strings: dictionary.strings,
    functions: dictionary.functions,
    mappings: dictionary.mappings,
    frames: dictionary.frames,
    stacks: dictionary.finishStacks(),
    ...measures.finish(),
  };
}
