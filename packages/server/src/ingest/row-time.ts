import { type Profile, type Quality, qualityCounts, type Samples } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';

/** A profile without the rows that cannot be kept for their time. */
export interface TimedProfile {
  readonly profile: Profile;
  /** Windows of a series that were left out: what OTLP counts as profiles. */
  readonly rejectedProfiles: number;
  readonly rejectedRows: number;
  /** Says why; empty where nothing was left out. */
  readonly message: string;
}

/** Instants before this are not instants: senders leave the time out, or count from boot. */
const FIRST_INSTANT_MS = Date.UTC(1971, 0);

/**
 * Leaves out rows too old or too far ahead of `nowMs` (limits `row_age`, `row_ahead`). Rows without
 * a time get `nowMs`.
 */
export function withinTime(profile: Profile, nowMs: number, limits: Limits): TimedProfile {
  const samples = dated(profile.samples, nowMs);
  const quality = dated(profile.quality, nowMs);
  const oldestMs = nowMs - limits.value('row_age');
  const newestMs = nowMs + limits.value('row_ahead');
  const keeps = (timeMs: number): boolean => timeMs >= oldestMs && timeMs <= newestMs;
  const rows = rowsWhere(samples.timeMs, keeps);
  if (rows === undefined) {
    return {
      profile: { ...profile, samples, quality },
      rejectedProfiles: 0,
      rejectedRows: 0,
      message: '',
    };
  }
  const out = rejected(samples, oldestMs, newestMs);
  limits.hit('row_age', out.old);
  limits.hit('row_ahead', out.ahead);
  return {
    profile: {
      ...profile,
      samples: pickSamples(samples, rows),
      quality: pickQuality(quality, rowsWhere(quality.timeMs, keeps)),
    },
    rejectedProfiles: out.profiles,
    rejectedRows: out.old + out.ahead,
    message:
      `expected times from ${iso(oldestMs)} to ${iso(newestMs)}; rejected ${out.old} rows before ` +
      `and ${out.ahead} rows after: set the sender's clock, or send sooner`,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The table with `nowMs` in rows that have no time. */
function dated<T extends { readonly timeMs: Float64Array }>(table: T, nowMs: number): T {
  if (table.timeMs.every((timeMs) => timeMs >= FIRST_INSTANT_MS)) return table;
  const timeMs = table.timeMs.map((time) => (time >= FIRST_INSTANT_MS ? time : nowMs));
  return { ...table, timeMs };
}

/** Rows whose time is kept; `undefined` if all are. */
function rowsWhere(
  timeMs: Float64Array,
  keeps: (timeMs: number) => boolean,
): Int32Array | undefined {
  if (timeMs.every(keeps)) return undefined;
  const rows: number[] = [];
  for (let row = 0; row < timeMs.length; row++) {
    if (keeps(timeMs[row] ?? 0)) rows.push(row);
  }
  return Int32Array.from(rows);
}

function rejected(samples: Samples, oldestMs: number, newestMs: number) {
  const windows = new Set<string>();
  let old = 0;
  let ahead = 0;
  for (let row = 0; row < samples.length; row++) {
    const timeMs = samples.timeMs[row] ?? 0;
    if (timeMs >= oldestMs && timeMs <= newestMs) continue;
    if (timeMs < oldestMs) old++;
    else ahead++;
    windows.add(`${samples.series[row]},${timeMs}`);
  }
  return { old, ahead, profiles: windows.size };
}

function pickSamples(samples: Samples, rows: Int32Array): Samples {
  return {
    length: rows.length,
    timeMs: picked(samples.timeMs, rows),
    series: rows.map((row) => samples.series[row] ?? 0),
    stack: rows.map((row) => samples.stack[row] ?? 0),
    value: picked(samples.value, rows),
  };
}

function pickQuality(quality: Quality, rows: Int32Array | undefined): Quality {
  if (rows === undefined) return quality;
  return {
    length: rows.length,
    timeMs: picked(quality.timeMs, rows),
    series: rows.map((row) => quality.series[row] ?? 0),
    ...qualityCounts((name) => picked(quality[name], rows)),
  };
}

function picked(column: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => column[row] ?? 0);
}
