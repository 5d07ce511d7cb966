import { toCss } from '../flame/oklch.ts';

/** Hues of areas beside each other: far apart, the first a calm blue. */
const HUES = [250, 165, 70, 310, 205, 30, 120, 350];

/** Colours of a timeline. */
export interface SeriesColours {
  readonly areas: readonly string[];
  readonly ink: string;
  readonly grid: string;
}

/** The colours of a theme. */
export function seriesColours(theme: 'light' | 'dark'): SeriesColours {
  const isLight = theme === 'light';
  return {
    areas: HUES.map((hue) => toCss([isLight ? 0.72 : 0.6, 0.11, hue])),
    ink: toCss([isLight ? 0.48 : 0.7, 0.012, 260]),
    grid: toCss([isLight ? 0.92 : 0.3, 0.008, 260]),
  };
}
