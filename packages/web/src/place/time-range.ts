import { parseTimeMs } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** First instant included, last excluded; ms since the epoch. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A range as typed, at a moment; or what is wrong with it, in words. */
export type RangeRead =
  | { readonly kind: 'range'; readonly range: TimeRange }
  | { readonly kind: 'problem'; readonly message: string };

/** Reads both ends at one moment. */
export function readRange(from: string, to: string, nowMs: number): RangeRead {
  try {
    const range = { fromMs: parseTimeMs(from, nowMs), toMs: parseTimeMs(to, nowMs) };
    if (range.fromMs < range.toMs) return { kind: 'range', range };
    return {
      kind: 'problem',
      message: `expected a begin before the end, got ${from} to ${to}: move one of them`,
    };
  } catch (error) {
    if (error instanceof EagleError) return { kind: 'problem', message: error.message };
    throw error;
  }
}

/** An instant as the address bar holds it, to the second. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Twice the range around its middle, but not beyond now. */
export function widened({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  const half = (toMs - fromMs) / 2;
  const end = Math.min(nowMs, toMs + half);
  return { fromMs: end - 4 * half, toMs: end };
}

/** Ranges that a click chooses, all of them up to now. */
export const QUICK_RANGES: readonly (readonly [from: string, name: string])[] = [
  ['now-5m', 'Last 5 minutes'],
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-6h', 'Last 6 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-7d', 'Last 7 days'],
  ['now-30d', 'Last 30 days'],
];

/** A range for people, in their own time zone. */
export function rangeName(from: string, to: string, range: TimeRange | undefined): string {
  const quick = QUICK_RANGES.find(([one]) => one === from);
  if (quick && to === 'now') return quick[1];
  if (range === undefined) return `${from} to ${to}`;
  const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
  const time = new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const [firstDay, lastDay] = [day.format(range.fromMs), day.format(range.toMs)];
  const end = `${firstDay === lastDay ? '' : `${lastDay}, `}${time.format(range.toMs)}`;
  return `${firstDay}, ${time.format(range.fromMs)} – ${end}`;
}
