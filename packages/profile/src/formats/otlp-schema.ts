import {
  createWireReader,
  nextField,
  readMessage,
  readVarint,
  skipField,
  WIRE,
  type WireReader,
} from './wire-reader.ts';

/** Releases of opentelemetry-proto whose profiles are laid out alike. */
export type OtlpSchema = '1.7' | '1.8' | '1.9' | '1.10';

/** Field numbers of a Sample. -1 where a schema has no such field. */
export interface SampleFields {
  readonly stack: number;
  readonly values: number;
  readonly attributes: number;
  readonly timestamps: number;
  /** Range in the profile's location indices instead of a stack (1.7). */
  readonly locationsStart: number;
  readonly locationsLength: number;
}

/** Field numbers of a Profile that differ. */
export interface ProfileFields {
  readonly time: number;
  readonly duration: number;
  readonly periodType: number;
  readonly period: number;
  readonly attributes: number;
  readonly locationIndices: number;
}

/** Where a schema has its fields, by the tags of github.com/open-telemetry/opentelemetry-proto. */
export const SAMPLE_FIELDS: Readonly<Record<OtlpSchema, SampleFields>> = {
  '1.7': fields({ locationsStart: 1, locationsLength: 2, values: 3, attributes: 4, timestamps: 6 }),
  '1.8': fields({ stack: 1, values: 2, attributes: 3, timestamps: 5 }),
  '1.9': fields({ stack: 1, values: 2, attributes: 3, timestamps: 5 }),
  '1.10': fields({ stack: 1, attributes: 2, values: 4, timestamps: 5 }),
};

export const PROFILE_FIELDS: Readonly<Record<OtlpSchema, ProfileFields>> = {
  '1.7': {
    ...{ locationIndices: 3, time: 4, duration: 5, periodType: 6, period: 7 },
    attributes: 15,
  },
  '1.8': {
    ...{ locationIndices: -1, time: 3, duration: 4, periodType: 5, period: 6 },
    attributes: 12,
  },
  '1.9': {
    ...{ locationIndices: -1, time: 3, duration: 4, periodType: 5, period: 6 },
    attributes: 11,
  },
  '1.10': {
    ...{ locationIndices: -1, time: 3, duration: 4, periodType: 5, period: 6 },
    attributes: 11,
  },
};

function fields(known: Partial<SampleFields>): SampleFields {
  const none = { stack: -1, values: -1, attributes: -1, timestamps: -1 };
  return { ...none, locationsStart: -1, locationsLength: -1, ...known };
}

/** Samples that are looked at before the schema is decided. */
const MAX_SAMPLES_SEEN = 1000;

/** What speaks for each schema. */
interface Evidence {
  /** Profiles whose field 3 is a run of numbers: location indices. */
  runs: number;
  /** Profiles whose field 8 is a run of bytes: the profile's id. */
  lateIds: number;
  /** Samples with values or an index where 1.8 and 1.9 have them. */
  older: number;
  /** The same for 1.10. */
  newer: number;
  seen: number;
}

/**
 * The schema of a request. The wire has no version, and 1.10 moved a sample's values from field 2 to
 * field 4; how fields are laid out tells them apart. The newest where nothing speaks.
 */
export function detectSchema(request: Uint8Array): OtlpSchema {
  const evidence: Evidence = { runs: 0, lateIds: 0, older: 0, newer: 0, seen: 0 };
  const reader = createWireReader(request);
  while (nextField(reader) && evidence.seen < MAX_SAMPLES_SEEN) {
    if (reader.field === 1 && reader.wireType === WIRE.bytes) lookAtResource(reader, evidence);
    else skipField(reader);
  }
  if (evidence.runs > 0) return '1.7';
  if (evidence.newer >= evidence.older) return evidence.lateIds > 0 ? '1.8' : '1.10';
  return evidence.lateIds > 0 ? '1.8' : '1.9';
}

/** ResourceProfiles.scope_profiles = 2, ScopeProfiles.profiles = 2. */
function lookAtResource(reader: WireReader, evidence: Evidence): void {
  readMessage(reader, (resourceField) => {
    if (resourceField !== 2 || reader.wireType !== WIRE.bytes) return skipField(reader);
    readMessage(reader, (scopeField) => {
      if (scopeField !== 2 || reader.wireType !== WIRE.bytes) return skipField(reader);
      readMessage(reader, (field) => lookAtProfile(reader, field, evidence));
    });
  });
}

function lookAtProfile(reader: WireReader, field: number, evidence: Evidence): void {
  const isRun = reader.wireType === WIRE.bytes;
  if (field === 3 && isRun) evidence.runs++;
  if (field === 8 && isRun) evidence.lateIds++;
  if (field !== 2 || !isRun || evidence.seen >= MAX_SAMPLES_SEEN) {
    skipField(reader);
    return;
  }
  evidence.seen++;
  const seen: SampleLayout = { two: 'none', three: 'none', four: 'none', five: 'none' };
  readMessage(reader, (sampleField) => {
    const name = SAMPLE_NAMES[sampleField];
    if (name) seen[name] = reader.wireType === WIRE.bytes ? 'run' : 'single';
    skipField(reader);
  });
  judge(seen, evidence);
}

/** How the fields 2 to 5 of a sample are laid out: absent, a run of numbers, or a number alone. */
type SampleLayout = Record<'two' | 'three' | 'four' | 'five', 'none' | 'run' | 'single'>;

const SAMPLE_NAMES: Readonly<Record<number, keyof SampleLayout>> = {
  2: 'two',
  3: 'three',
  4: 'four',
  5: 'five',
};

/**
 * 1.8 and 1.9 have values in 2, attributes in 3 and a link in 4; 1.10 has attributes in 2, a link in
 * 3 and values in 4. Attributes and values are runs, but for writers that pack nothing; times are in
 * 5 and may stand in for values.
 */
function judge({ two, three, four, five }: SampleLayout, evidence: Evidence): void {
  if (three === 'run') evidence.older++;
  if (four === 'run') evidence.newer++;
  if (three === 'run' || four === 'run') return;
  // A link beside values, or beside times in their place; else a value that is not packed.
  const isLink = two === 'run' || (two === 'none' && five !== 'none');
  if (four === 'single') evidence[isLink ? 'older' : 'newer']++;
  else if (three === 'single') evidence.newer++;
  else if (two !== 'none') evidence[five === 'none' ? 'older' : 'newer'] += 0.5;
}

/** A varint field's value, for use in {@link readMessage}; 0 for another kind of field. */
export function varintField(reader: WireReader): number {
  if (reader.wireType === WIRE.varint) return readVarint(reader);
  skipField(reader);
  return 0;
}
