import { FRAME_KINDS, KIND_COLOURS } from '@kube-eagle/profile';
import { type Oklch, toCss } from './oklch.ts';

/** Shades of one kind, by package. */
export const SHADES = 6;

/** Colours of a theme as CSS text. */
export interface Palette {
  /** By kind × {@link SHADES} + shade. */
  readonly boxes: readonly string[];
  readonly text: string;
  readonly fadedText: string;
  readonly run: string;
  readonly cut: string;
  readonly cutText: string;
  readonly hit: string;
  readonly hitText: string;
}

interface Tone {
  /** Lightness of a box in the middle shade. */
  readonly lightness: number;
  readonly chroma: number;
  readonly text: Oklch;
  readonly fadedText: Oklch;
  readonly run: Oklch;
  readonly cut: Oklch;
  readonly cutText: Oklch;
  readonly hit: Oklch;
  readonly hitText: Oklch;
}

const TONES: Readonly<Record<'light' | 'dark', Tone>> = {
  light: {
    lightness: 0.855,
    chroma: 1,
    text: [0.24, 0.015, 260],
    fadedText: [0.5, 0.012, 260],
    run: [0.86, 0.008, 260],
    cut: [0.945, 0.006, 260],
    cutText: [0.47, 0.012, 260],
    hit: [0.5, 0.21, 305],
    hitText: [0.985, 0.01, 305],
  },
  dark: {
    lightness: 0.425,
    chroma: 0.9,
    text: [0.95, 0.008, 260],
    fadedText: [0.66, 0.012, 260],
    run: [0.36, 0.01, 260],
    cut: [0.255, 0.01, 260],
    cutText: [0.74, 0.012, 260],
    hit: [0.8, 0.14, 310],
    hitText: [0.2, 0.04, 310],
  },
};

/** Hue by kind, a little turned and lightened by shade. */
function boxColour(theme: 'light' | 'dark', kind: number, shade: number): Oklch {
  const { lightness, chroma } = TONES[theme];
  const [hue, strength] = KIND_COLOURS[FRAME_KINDS[kind] ?? 'unknown'];
  const step = (shade % SHADES) - (SHADES - 1) / 2;
  const lighter = ((shade % 3) - 1) * 0.022;
  return [lightness + lighter, strength * chroma, hue + step * 4];
}

/** Every colour of a theme. */
export function paletteOf(theme: 'light' | 'dark'): Palette {
  const tone = TONES[theme];
  const boxes = FRAME_KINDS.flatMap((_kind, kind) =>
    Array.from({ length: SHADES }, (_shade, shade) => toCss(boxColour(theme, kind, shade))),
  );
  return {
    boxes,
    text: toCss(tone.text),
    fadedText: toCss(tone.fadedText),
    run: toCss(tone.run),
    cut: toCss(tone.cut),
    cutText: toCss(tone.cutText),
    hit: toCss(tone.hit),
    hitText: toCss(tone.hitText),
  };
}

/**
 * What a function belongs to: a Go or Java package, a C++ namespace, a library, the first word of a C
 * name such as `tcp_sendmsg`.
 */
export function packageOf(name: string): string {
  const bare = name.replace(/[<(].*$/s, '');
  const slash = bare.lastIndexOf('/');
  if (slash >= 0)
    return bare.slice(0, slash + (bare.slice(slash).match(/^[^.]*/)?.[0].length ?? 0));
  const scope = bare.indexOf('::');
  if (scope > 0) return bare.slice(0, scope);
  const dot = bare.lastIndexOf('.');
  if (dot > 0) return bare.slice(0, dot).replace(/\.[A-Z]\w*$/, '');
  return bare.match(/^_*[^_]*/)?.[0] ?? bare;
}

/** The shade of every name: equal for equal packages, in every profile and on every machine. */
export function shadesOf(names: readonly string[]): Uint8Array {
  return Uint8Array.from(names, (name) => hash(packageOf(name)) % SHADES);
}

/** FNV-1a over UTF-16 units, mixed so that its low bits depend on all (Appleby's fmix32). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
