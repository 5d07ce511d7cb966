import { type Labels, labelsKey } from '../labels/labels.ts';
import { float64Column } from './columns.ts';
import {
  finishTable,
  growingFrames,
  growingFunctions,
  growingMappings,
  growingQuality,
  growingSamples,
  growingStacks,
  pushRow,
} from './growing-tables.ts';
import { createPairTable } from './pair-table.ts';
import {
  FRAME_KINDS,
  type FrameId,
  type FrameKind,
  type FunctionId,
  type MappingId,
  NONE,
  type Profile,
  type SeriesId,
  type StackId,
  type StringId,
} from './profile.ts';
import { type ProfileType, profileTypeId } from './profile-type.ts';
import type { QualityCounts } from './quality.ts';

/** One frame as a builder takes it. All but `kind` may be left out. */
export interface FrameOf {
  readonly function?: FunctionId;
  readonly mapping?: MappingId;
  readonly address?: number;
  readonly line?: number;
  readonly kind?: FrameKind;
  readonly inlined?: boolean;
}

export interface SampleOf {
  readonly timeMs: number;
  readonly series: SeriesId;
  readonly stack: StackId | typeof NONE;
  readonly value: number;
}

export interface QualityOf extends QualityCounts<number> {
  readonly timeMs: number;
  readonly series: SeriesId;
}

/**
 * Makes a profile row by row. Equal strings, functions, mappings, frames, stacks and series get one
 * row. `finish()` ends it.
 */
export interface ProfileBuilder {
  string(text: string): StringId;
  function(name: string, file?: string, startLine?: number): FunctionId;
  mapping(file: string, buildId?: string): MappingId;
  frame(frame: FrameOf): FrameId;
  /** The path that calls `frame` from `parent`, -1 for a root. */
  stack(parent: StackId | typeof NONE, frame: FrameId): StackId;
  series(labels: Labels, type: ProfileType, period?: number): SeriesId;
  sample(sample: SampleOf): void;
  quality(quality: QualityOf): void;
  /** Rows of `samples` so far. */
  readonly sampleCount: number;
  finish(startMs?: number, durationNs?: number): Profile;
}

const KIND_INDEX = new Map<FrameKind, number>(FRAME_KINDS.map((kind, index) => [kind, index]));

/** Numbers keys in the order they are first seen; `create` is called for each new one. */
function createInterner(create: (key: string) => void): (key: string) => number {
  const rows = new Map<string, number>();
  return (key) => {
    const known = rows.get(key);
    if (known !== undefined) return known;
    const row = rows.size;
    rows.set(key, row);
    create(key);
    return row;
  };
}

function createSymbols() {
  const strings: string[] = [];
  const string = createInterner((text) => strings.push(text));
  string('');
  const functions = growingFunctions();
  const functionRows = new Map<string, number>();
  const mappings = growingMappings();
  const mappingPairs = createPairTable();
  return {
    strings,
    string: (text: string) => string(text) as StringId,
    functions,
    mappings,
    function(name: string, file: string, startLine: number): FunctionId {
      const nameRow = string(name);
      const fileRow = string(file);
      const key = `${nameRow},${fileRow},${startLine}`;
      const known = functionRows.get(key);
      if (known !== undefined) return known as FunctionId;
      functionRows.set(key, functions.name.length);
      pushRow(functions, { name: nameRow, file: fileRow, startLine });
      return (functions.name.length - 1) as FunctionId;
    },
    mapping(file: string, buildId: string): MappingId {
      const fileRow = string(file);
      const buildIdRow = string(buildId);
      const row = mappingPairs.intern(fileRow, buildIdRow);
      if (row === mappings.file.length) {
        pushRow(mappings, { file: fileRow, buildId: buildIdRow });
      }
      return row as MappingId;
    },
  };
}

function createFrames() {
  const columns = growingFrames();
  const rows = new Map<string, number>();
  return {
    columns,
    intern(frame: FrameOf): FrameId {
      const { function: fn = NONE, mapping = NONE, address = 0, line = 0 } = frame;
      const kind = KIND_INDEX.get(frame.kind ?? 'unknown') ?? 0;
      const inlined = frame.inlined ? 1 : 0;
      const key = `${fn},${mapping},${address},${line},${kind},${inlined}`;
      const known = rows.get(key);
      if (known !== undefined) return known as FrameId;
      const row = rows.size;
      rows.set(key, row);
      pushRow(columns, { function: fn, mapping, address, line, kind, inlined });
      return row as FrameId;
    },
  };
}

function createMeasures() {
  const labels: Labels[] = [];
  const types: ProfileType[] = [];
  const period = float64Column();
  const rows = new Map<string, number>();
  const samples = growingSamples();
  const quality = growingQuality();
  return {
    labels,
    types,
    period,
    samples,
    quality,
    series(of: Labels, type: ProfileType, every: number): SeriesId {
      const key = `${profileTypeId(type)}\u0002${labelsKey(of)}`;
      const known = rows.get(key);
      if (known !== undefined) return known as SeriesId;
      rows.set(key, labels.length);
      labels.push(of);
      types.push(type);
      period.push(every);
      return (labels.length - 1) as SeriesId;
    },
  };
}

/** An empty profile to add to. */
export function createProfileBuilder(): ProfileBuilder {
  const symbols = createSymbols();
  const frames = createFrames();
  const measures = createMeasures();
  const stackPairs = createPairTable();
  const stacks = growingStacks();
  return {
    string: symbols.string,
    function: (name, file = '', startLine = 0) => symbols.function(name, file, startLine),
    mapping: (file, buildId = '') => symbols.mapping(file, buildId),
    frame: frames.intern,
    stack(parent, frame) {
      const row = stackPairs.intern(parent, frame);
      if (row === stacks.parent.length) {
        pushRow(stacks, { parent, frame });
      }
      return row as StackId;
    },
    series: (labels, type, period = 0) => measures.series(labels, type, period),
    sample: (row) => pushRow(measures.samples, row),
    quality: (row) => pushRow(measures.quality, row),
    get sampleCount() {
      return measures.samples.timeMs.length;
    },
    finish(startMs = 0, durationNs = 0) {
      return {
        strings: symbols.strings,
        functions: finishTable(symbols.functions),
        mappings: finishTable(symbols.mappings),
        frames: finishTable(frames.columns),
        stacks: finishTable(stacks),
        series: {
          length: measures.labels.length,
          labels: measures.labels,
          type: measures.types,
          period: measures.period.take(),
        },
        samples: finishTable(measures.samples),
        quality: finishTable(measures.quality),
        startMs,
        durationNs,
      };
    },
  };
}
