const STEPS: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  nanoseconds: [
    [3.6e12, 'h'],
    [6e10, 'min'],
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ],
  bytes: [
    [2 ** 40, 'TiB'],
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ],
};

const COUNTS: readonly (readonly [number, string])[] = [
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
  [1, ''],
];

/** A value for people, at three significant digits: `1.23 s`, `45.6 MiB`, `12.3 k samples`. */
export function formatValue(value: number, unit: string): string {
  const steps = STEPS[unit];
  const size = Math.abs(value);
  const [divisor, suffix] = (steps ?? COUNTS).find(([step]) => size >= step) ?? [1, ''];
  const number = Number((value / divisor).toPrecision(3)).toString();
  if (steps) return `${number} ${suffix || (steps.at(-1)?.[1] ?? '')}`;
  return unit === '' || unit === 'count' ? `${number}${suffix}` : `${number}${suffix} ${unit}`;
}

/** A share of a whole for people: `12.3 %`; `0.0 %` of nothing. */
export function formatShare(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole;
  return `${percent !== 0 && Math.abs(percent) < 0.1 ? '<0.1' : percent.toFixed(1)} %`;
}
