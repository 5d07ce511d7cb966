import { type Labels, labelsKey } from '../labels/labels.ts';
import type { Profile } from '../model/profile.ts';
import { profileTypeId } from '../model/profile-type.ts';
import { createLocations, type Locations } from './location-table.ts';
import {
  createWireWriter,
  finishWriter,
  type WireWriter,
  writeInt64,
  writeMessage,
  writePacked,
  writePackedInt64,
  writeText,
  writeVarint,
} from './wire-writer.ts';

/** What a pprof file says of itself. */
export interface PprofOptions {
  /** Lines that `go tool pprof` shows with -comments. */
  readonly comments?: readonly string[];
}

interface State {
  readonly profile: Profile;
  readonly writer: WireWriter;
  readonly locations: Locations;
  /** Row of a text in the string table. */
  readonly string: (text: string) => number;
}

/**
 * Writes a profile in pprof's format (github.com/google/pprof, proto/profile.proto), not yet
 * compressed: one sample type a profile type, one sample a stack and label set, summed over time.
 * Labels become string labels. Values are whole numbers there; fractions are rounded.
 */
export function writePprof(
  profile: Profile,
  { comments = [] }: PprofOptions = {},
): Uint8Array<ArrayBuffer> {
  const writer = createWireWriter();
  const strings = new Map<string, number>(profile.strings.map((text, row) => [text, row]));
  const all = [...profile.strings];
  const string = (text: string): number => {
    const known = strings.get(text);
    if (known !== undefined) return known;
    strings.set(text, all.length);
    return all.push(text) - 1;
  };
  const state = { profile, writer, string, locations: createLocations(profile) };
  const types = typesOf(profile);
  for (const row of types.rows) {
    const type = profile.series.type[row];
    writeValueType(state, 1, type?.sampleType ?? '', type?.sampleUnit ?? '');
  }
  writeSamples(state, types);
  writeTables(state);
  writeHead(state, types.rows[0] ?? -1);
  for (const comment of comments) writeVarint(writer, 13, string(comment));
  for (const text of all) writeText(writer, 6, text);
  return finishWriter(writer);
}

/** The distinct profile types: a series row of each, and the column of each series. */
interface Types {
  readonly rows: readonly number[];
  readonly column: readonly number[];
}

function typesOf({ series }: Profile): Types {
  const columns = new Map<string, number>();
  const rows: number[] = [];
  const column = series.type.map((type, row) => {
    const id = profileTypeId(type);
    const known = columns.get(id);
    if (known !== undefined) return known;
    columns.set(id, rows.length);
    return rows.push(row) - 1;
  });
  return { rows, column };
}

function writeValueType(
  { writer, string }: State,
  field: number,
  type: string,
  unit: string,
): void {
  writeMessage(writer, field, () => {
    writeVarint(writer, 1, string(type));
    writeVarint(writer, 2, string(unit));
  });
}

/** Values of one stack and label set, one a type. */
interface Sum {
  readonly stack: number;
  readonly labels: Labels;
  readonly values: number[];
}

function writeSamples(state: State, types: Types): void {
  const { profile, writer, locations, string } = state;
  for (const { stack, labels, values } of sumsOf(profile, types)) {
    writeMessage(writer, 2, () => {
      // The wire's stack table counts from 1, behind the empty stack.
      const row = locations.stackRow(stack);
      if (row > 0) writePacked(writer, 1, locations.stack(row - 1));
      writePackedInt64(writer, 2, values.map(Math.round));
      for (const { name, value } of labels) {
        writeMessage(writer, 3, () => {
          writeVarint(writer, 1, string(name));
          writeVarint(writer, 2, string(value));
        });
      }
    });
  }
}

function sumsOf({ samples, series }: Profile, { rows, column }: Types): Iterable<Sum> {
  const labelSets = new Map<string, number>();
  const setOfSeries = series.labels.map((labels) => {
    const key = labelsKey(labels);
    const set = labelSets.get(key) ?? labelSets.size;
    labelSets.set(key, set);
    return set;
  });
  const sums = new Map<number, Sum>();
  for (let row = 0; row < samples.length; row++) {
    const of = samples.series[row] ?? 0;
    const stack = samples.stack[row] ?? -1;
    const key = (stack + 1) * labelSets.size + (setOfSeries[of] ?? 0);
    const sum = sums.get(key) ?? {
      stack,
      labels: series.labels[of] ?? [],
      values: rows.map(() => 0),
    };
    const at = column[of] ?? 0;
    sum.values[at] = (sum.values[at] ?? 0) + (samples.value[row] ?? 0);
    sums.set(key, sum);
  }
  return sums.values();
}

/** Mappings, locations and functions; all count from 1 here. */
function writeTables({ profile, writer, locations }: State): void {
  const { mappings, functions, frames } = profile;
  for (let row = 0; row < mappings.length; row++) {
    writeMessage(writer, 3, () => {
      writeVarint(writer, 1, row + 1);
      writeVarint(writer, 5, mappings.file[row] ?? 0);
      writeVarint(writer, 6, mappings.buildId[row] ?? 0);
      // Else `go tool pprof` asks the server for symbols.
      for (const field of [7, 8, 9, 10]) writeVarint(writer, field, 1);
    });
  }
  for (let row = 0; row < locations.length; row++) {
    const inside = locations.frames(row);
    const outermost = inside.at(-1) ?? 0;
    writeMessage(writer, 4, () => {
      writeVarint(writer, 1, row + 1);
      writeVarint(writer, 2, (frames.mapping[outermost] ?? -1) + 1);
      writeVarint(writer, 3, Math.max(0, frames.address[outermost] ?? 0));
      for (const frame of inside) {
        const fn = frames.function[frame] ?? -1;
        if (fn < 0) continue;
        writeMessage(writer, 4, () => {
          writeVarint(writer, 1, fn + 1);
          writeInt64(writer, 2, frames.line[frame] ?? 0);
        });
      }
    });
  }
  for (let row = 0; row < functions.length; row++) {
    writeMessage(writer, 5, () => {
      writeVarint(writer, 1, row + 1);
      writeVarint(writer, 2, functions.name[row] ?? 0);
      writeVarint(writer, 3, functions.name[row] ?? 0);
      writeVarint(writer, 4, functions.file[row] ?? 0);
      writeInt64(writer, 5, functions.startLine[row] ?? 0);
    });
  }
}

/** Time, duration and the period of the first type. */
function writeHead(state: State, series: number): void {
  const { profile, writer, string } = state;
  const type = profile.series.type[series];
  writeInt64(writer, 9, Math.trunc(profile.startMs) * 1e6);
  writeInt64(writer, 10, profile.durationNs);
  if (!type) return;
  if (type.periodType !== '') writeValueType(state, 11, type.periodType, type.periodUnit);
  writeInt64(writer, 12, Math.round(profile.series.period[series] ?? 0));
  writeVarint(writer, 14, string(type.sampleType));
}
