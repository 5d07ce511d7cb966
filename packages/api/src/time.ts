import { EagleError } from '@kube-eagle/profile';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Milliseconds of a length of time as Go and Prometheus write it: `30s`, `1h30m`, `500ms`, `7d`; a
 * bare number means seconds. Throws `invalid_argument`.
 */
export function parseDurationMs(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1_000;
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== trimmed) {
    throw new EagleError(
      'invalid_argument',
      `expected a duration such as 30s, 5m or 1h30m, got ${JSON.stringify(text)}`,
    );
  }
  return parts.reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNIT_MS[unit] ?? 0),
    0,
  );
}

/**
 * An instant in ms since the epoch: `now`, `now-1h`, an ISO 8601 date or date and time (UTC where no
 * zone is given), seconds (up to 10 digits) or ms (13) since the epoch. Throws `invalid_argument`.
 */
export function parseTimeMs(text: string, nowMs: number): number {
  const trimmed = text.trim();
  if (trimmed === 'now') return nowMs;
  const relative = /^now([+-])(.+)$/.exec(trimmed);
  if (relative) return nowMs + (relative[1] === '-' ? -1 : 1) * parseDurationMs(relative[2] ?? '');
  if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed) * 1_000;
  if (/^\d{13}$/.test(trimmed)) return Number(trimmed);
  const zoned = /[zZ]$|[+-]\d\d:?\d\d$|^\d{4}-\d\d-\d\d$/.test(trimmed) ? trimmed : `${trimmed}Z`;
  const ms = /^\d{4}-/.test(trimmed) ? Date.parse(zoned.replace(' ', 'T')) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new EagleError(
    'invalid_argument',
    `expected a time such as now-1h, 2026-03-12T03:12 or ms since the epoch, got ${JSON.stringify(text)}`,
  );
}

/** The shortest text of a length of time in whole units: `90 s` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join('');
}
