import { attributeOfLabel } from '../labels/attribute-names.ts';
import { type Labels, labelsKey } from '../labels/labels.ts';
import { FRAME_KINDS, type Profile } from '../model/profile.ts';
import type { ProfileType } from '../model/profile-type.ts';
import { QUALITY_COUNTS } from '../model/quality.ts';
import { createLocations, type Locations } from './location-table.ts';
import { nameOf, OWN_ATTRIBUTES } from './otlp-labels.ts';
import { createWindows, type Windows } from './otlp-windows.ts';
import {
  createWireWriter,
  finishWriter,
  type WireWriter,
  writeFixed64,
  writeInt64,
  writeMessage,
  writePacked,
  writePackedInt64,
  writePresentInt64,
  writeText,
  writeVarint,
} from './wire-writer.ts';

/**
 * Writes a profile as an `ExportProfilesServiceRequest` of the newest schema (1.10 and later): one
 * resource a label set, one Profile a series and window, one dictionary. {@link readOtlp} gives the
 * same profile back. Values are whole numbers on the wire; fractions are rounded.
 */
export function writeOtlp(profile: Profile): Uint8Array<ArrayBuffer> {
  const writer = createWireWriter();
  const state: State = {
    profile,
    writer,
    strings: createStrings(profile.strings),
    attributes: createAttributes(),
    locations: createLocations(profile),
    windows: createWindows(profile),
  };
  for (const resource of resourcesOf(profile)) writeResource(state, resource);
  writeMessage(writer, 2, () => writeDictionary(state));
  return finishWriter(writer);
}

interface State {
  readonly profile: Profile;
  readonly writer: WireWriter;
  readonly strings: Strings;
  readonly attributes: Attributes;
  readonly locations: Locations;
  readonly windows: Windows;
}

/** Series of one label set. */
interface Resource {
  readonly labels: Labels;
  readonly series: readonly number[];
}

function resourcesOf({ series }: Profile): readonly Resource[] {
  const byLabels = new Map<string, { labels: Labels; series: number[] }>();
  for (const [row, labels] of series.labels.entries()) {
    const key = labelsKey(labels);
    const resource = byLabels.get(key) ?? { labels, series: [] };
    resource.series.push(row);
    byLabels.set(key, resource);
  }
  return [...byLabels.values()];
}

function writeResource(state: State, { labels, series }: Resource): void {
  const { writer } = state;
  writeMessage(writer, 1, () => {
    writeMessage(writer, 1, () => {
      for (const { name, value } of labels) {
        writeMessage(writer, 1, () => {
          writeText(writer, 1, attributeOfLabel(name));
          writeMessage(writer, 2, () => writeText(writer, 1, value));
        });
      }
    });
    writeMessage(writer, 2, () => {
      writeMessage(writer, 1, () => writeText(writer, 1, 'kube-eagle'));
      for (const row of series) {
        for (const window of state.windows.ofSeries(row)) writeProfile(state, row, window);
      }
    });
  });
}

function writeProfile(state: State, series: number, window: number): void {
  const { profile, writer, windows } = state;
  const { samples } = profile;
  const type = profile.series.type[series];
  if (!type) return;
  writeMessage(writer, 2, () => {
    writeValueType(state, 1, type.sampleType, type.sampleUnit);
    for (const sample of windows.samples(window)) {
      writeMessage(writer, 2, () => {
        writeVarint(writer, 1, state.locations.stackRow(samples.stack[sample] ?? -1));
        writePackedInt64(writer, 4, [Math.round(samples.value[sample] ?? 0)]);
      });
    }
    const timeMs = windows.timeMs(window);
    writeFixed64(writer, 3, BigInt(Math.max(0, Math.trunc(timeMs))) * 1_000_000n);
    const endNs = (profile.startMs - timeMs) * 1e6 + profile.durationNs;
    writeVarint(writer, 4, Math.max(0, Math.round(endNs)));
    writeValueType(state, 5, type.periodType, type.periodUnit);
    writeInt64(writer, 6, Math.round(profile.series.period[series] ?? 0));
    writePacked(writer, 11, profileAttributes(state, type, window));
  });
}

function writeValueType(
  { writer, strings }: State,
  field: number,
  type: string,
  unit: string,
): void {
  writeMessage(writer, field, () => {
    writeVarint(writer, 1, strings.row(type));
    writeVarint(writer, 2, strings.row(unit));
  });
}

/** What OTLP has no field for: the type's name where it is not the usual one, and the quality. */
function profileAttributes(state: State, type: ProfileType, window: number): number[] {
  const { attributes, strings, profile, windows } = state;
  const rows: number[] = [];
  const usual = nameOf(
    { type: type.sampleType, unit: type.sampleUnit },
    { type: type.periodType, unit: type.periodUnit },
  );
  if (type.name !== usual) {
    rows.push(attributes.text(strings.row(OWN_ATTRIBUTES.name), type.name));
  }
  const sum = windows.quality(window);
  if (!sum) return rows;
  for (const name of QUALITY_COUNTS) {
    let count = 0;
    for (const row of sum) count += profile.quality[name][row] ?? 0;
    rows.push(attributes.int(strings.row(OWN_ATTRIBUTES[name]), Math.round(count)));
  }
  return rows;
}

/** All tables; those whose row 0 means "none" begin with an empty row. */
function writeDictionary(state: State): void {
  const { writer, profile, locations, strings, attributes } = state;
  const empty = (field: number): void => writeMessage(writer, field, () => {});
  const frameType = strings.row('profile.frame.type');
  const buildId = strings.row('process.executable.build_id.gnu');
  const kinds = FRAME_KINDS.map((kind, row) => (row === 0 ? 0 : attributes.text(frameType, kind)));
  empty(1);
  for (let row = 0; row < profile.mappings.length; row++) {
    writeMessage(writer, 1, () => {
      writeVarint(writer, 4, profile.mappings.file[row] ?? 0);
      const id = profile.strings[profile.mappings.buildId[row] ?? 0] ?? '';
      if (id !== '') writePacked(writer, 5, [attributes.text(buildId, id)]);
    });
  }
  empty(2);
  for (let row = 0; row < locations.length; row++)
    writeLocation(state, locations.frames(row), kinds);
  empty(3);
  for (let row = 0; row < profile.functions.length; row++) {
    writeMessage(writer, 3, () => {
      writeVarint(writer, 1, profile.functions.name[row] ?? 0);
      writeVarint(writer, 3, profile.functions.file[row] ?? 0);
      writeInt64(writer, 4, profile.functions.startLine[row] ?? 0);
    });
  }
  empty(4);
  attributes.write(writer);
  empty(7);
  for (let row = 0; row < locations.stackCount; row++) {
    writeMessage(writer, 7, () => writePacked(writer, 1, locations.stack(row)));
  }
  // Last, as the tables above still add to them.
  for (const text of strings.all()) writeText(writer, 5, text);
}

/** One location: the frames that share its address, the innermost first. */
function writeLocation(
  { writer, profile }: State,
  frames: readonly number[],
  kinds: readonly number[],
): void {
  const outermost = frames.at(-1) ?? 0;
  writeMessage(writer, 2, () => {
    writeVarint(writer, 1, (profile.frames.mapping[outermost] ?? -1) + 1);
    writeVarint(writer, 2, Math.max(0, profile.frames.address[outermost] ?? 0));
    for (const frame of frames) {
      const fn = profile.frames.function[frame] ?? -1;
      const line = profile.frames.line[frame] ?? 0;
      if (fn < 0 && line === 0 && frames.length === 1) continue;
      writeMessage(writer, 3, () => {
        writeVarint(writer, 1, fn + 1);
        writeInt64(writer, 2, line);
      });
    }
    const kind = kinds[profile.frames.kind[outermost] ?? 0] ?? 0;
    if (kind > 0) writePacked(writer, 4, [kind]);
  });
}

interface Strings {
  /** Row of a text, new ones after those of the profile. */
  row(text: string): number;
  all(): Iterable<string>;
}

function createStrings(own: readonly string[]): Strings {
  const added: string[] = [];
  const rows = new Map<string, number>([['', 0]]);
  return {
    row(text) {
      const known = rows.get(text);
      if (known !== undefined) return known;
      rows.set(text, own.length + added.length);
      added.push(text);
      return own.length + added.length - 1;
    },
    *all() {
      yield* own;
      yield* added;
    },
  };
}

interface Attributes {
  /** Row of an attribute with a text; `key` is a row of the string table. */
  text(key: number, value: string): number;
  /** Row of an attribute with a whole number. */
  int(key: number, value: number): number;
  write(writer: WireWriter): void;
}

function createAttributes(): Attributes {
  const rows = new Map<string, number>();
  const all: { readonly key: number; readonly value: string | number }[] = [];
  const add = (key: number, value: string | number): number => {
    const id = `${key} ${typeof value} ${value}`;
    const known = rows.get(id);
    if (known !== undefined) return known;
    all.push({ key, value });
    rows.set(id, all.length);
    return all.length;
  };
  return {
    text: add,
    int: add,
    write(writer) {
      writeMessage(writer, 6, () => {});
      for (const { key, value } of all) {
        writeMessage(writer, 6, () => {
          writeVarint(writer, 1, key);
          writeMessage(writer, 2, () => {
            if (typeof value === 'string') writeText(writer, 1, value);
            else writePresentInt64(writer, 3, value);
          });
        });
      }
    },
  };
}
