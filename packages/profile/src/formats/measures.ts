import { type Labels, labelsKey, labelsOf } from '../labels/labels.ts';
import { float64Column } from '../model/columns.ts';
import {
  finishTable,
  type Growing,
  growingQuality,
  growingSamples,
} from '../model/growing-tables.ts';
import type { Problems } from '../model/parsed.ts';
import { NONE, type Profile, type Samples } from '../model/profile.ts';
import { type ProfileType, profileTypeId } from '../model/profile-type.ts';
import type { Quality } from '../model/quality.ts';

/** A label's name and value while they are gathered. */
export type LabelEntry = readonly [string, string];

/** Samples and what they belong to, while a format is read. */
export interface Measures {
  readonly samples: Growing<Samples>;
  readonly quality: Growing<Quality>;
  /** Labels in their order; `undefined`, with a problem, if there are too many of them by now. */
  labels(entries: readonly LabelEntry[]): Labels | undefined;
  /** The row of a label set and type; -1, with a problem, if there are too many. */
  series(labels: Labels, type: ProfileType, period: number): number;
  /** Widens the range of the whole to hold a window. */
  cover(timeMs: number, durationNs: number): void;
  finish(): Pick<Profile, 'series' | 'samples' | 'quality' | 'startMs' | 'durationNs'>;
}

/** Labels of one series. */
const MAX_LABELS = 128;
/** Sample types of one profile. */
export const MAX_TYPES = 64;
/** Series of one file or request. */
const MAX_SERIES = 20_000;
/**
 * Bytes of labels that may be looked at: these, and some for each byte of the input. A few bytes may
 * name many long labels again and again.
 */
const LABEL_BYTES = 1 << 20;
const LABEL_BYTES_A_BYTE = 64;
/** What a label takes besides its texts. */
const LABEL_ROW_BYTES = 32;

/** Appends a label, or tells that there are too many. */
export function pushLabel(labels: LabelEntry[], entry: LabelEntry, problems: Problems): void {
  if (labels.length < MAX_LABELS) labels.push(entry);
  else problems.add(`more than ${MAX_LABELS} labels: ${entry[0].slice(0, 64)} is left out`);
}

/** The ms of an instant in ns, whose double may be off by 128 ns in this century. */
export function msOfNs(timeNs: number): number {
  return Math.floor(Math.round(timeNs / 1e3) / 1e3);
}

/** No samples yet. `sizeBytes` is the length of the input. */
export function createMeasures(problems: Problems, sizeBytes: number): Measures {
  const spend = createBudget(problems, LABEL_BYTES + sizeBytes * LABEL_BYTES_A_BYTE);
  const series = createSeries(problems, spend);
  let startMs = Number.POSITIVE_INFINITY;
  // The end counts from the first window: ns since the epoch would not be exact.
  let firstMs: number | undefined;
  let endNs = Number.NEGATIVE_INFINITY;
  const samples = growingSamples();
  const quality = growingQuality();
  return {
    samples,
    quality,
    labels: (entries) => (spend(entries) ? labelsOf(entries) : undefined),
    series: series.intern,
    cover(timeMs, durationNs) {
      firstMs ??= timeMs;
      startMs = Math.min(startMs, timeMs);
      endNs = Math.max(endNs, (timeMs - firstMs) * 1e6 + Math.max(0, durationNs));
    },
    finish: () => ({
      series: series.finish(),
      samples: finishTable(samples),
      quality: finishTable(quality),
      startMs: firstMs === undefined ? 0 : startMs,
      durationNs: firstMs === undefined ? 0 : endNs + (firstMs - startMs) * 1e6,
    }),
  };
}

type Spend = (texts: Iterable<LabelEntry>) => boolean;

/** Takes the size of some texts from what is left; false, with a problem, where that is too little. */
function createBudget(problems: Problems, sizeBytes: number): Spend {
  let leftBytes = sizeBytes;
  return (texts) => {
    for (const [name, value] of texts) leftBytes -= name.length + value.length + LABEL_ROW_BYTES;
    if (leftBytes < 0) problems.add('more labels than an input of this size may have');
    return leftBytes >= 0;
  };
}

/** Texts of a series' key. */
function* textsOf(labels: Labels, type: ProfileType): Iterable<LabelEntry> {
  for (const { name, value } of labels) yield [name, value];
  yield [type.name, type.sampleType];
  yield [type.periodType, type.periodUnit];
}

function createSeries(problems: Problems, spend: Spend) {
  const labels: Labels[] = [];
  const types: ProfileType[] = [];
  const periods = float64Column();
  const rows = new Map<string, number>();
  return {
    intern(of: Labels, type: ProfileType, period: number): number {
      if (!spend(textsOf(of, type))) return NONE;
      const key = `${profileTypeId(type)}\u0002${labelsKey(of)}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      if (labels.length >= MAX_SERIES) {
        problems.add(`more than ${MAX_SERIES} series: samples are left out`);
        return NONE;
      }
      rows.set(key, labels.length);
      periods.push(period);
      types.push(type);
      return labels.push(of) - 1;
    },
    finish: () => ({ length: labels.length, labels, type: types, period: periods.take() }),
  };
}
