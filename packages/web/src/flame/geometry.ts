import type { FlameView } from '@kube-eagle/profile';

/** Height of a level. */
export const ROW_PX = 20;

/** What of a flame graph's levels a viewport shows. */
export interface Geometry {
  readonly growth: 'icicle' | 'flame';
  /** Levels of the whole graph. */
  readonly levels: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** How far it is scrolled down. */
  readonly scrollPx: number;
}

/** Height of the whole graph: never less than the viewport's. */
export function contentPx({ levels, heightPx }: Geometry): number {
  return Math.max(levels * ROW_PX, heightPx);
}

/** Upper edge of a level, from that of the viewport. */
export function topOf(geometry: Geometry, level: number): number {
  const top =
    geometry.growth === 'icicle' ? level * ROW_PX : contentPx(geometry) - (level + 1) * ROW_PX;
  return top - geometry.scrollPx;
}

/** The level at a distance from the upper edge of the viewport. */
export function levelAt(geometry: Geometry, yPx: number): number {
  const y = yPx + geometry.scrollPx;
  return Math.floor((geometry.growth === 'icicle' ? y : contentPx(geometry) - y) / ROW_PX);
}

/** The levels that a viewport shows at least in part. */
export function levelsIn(geometry: Geometry): Pick<FlameView, 'firstLevel' | 'levels'> {
  const edge = geometry.growth === 'icicle' ? 0 : geometry.heightPx;
  return {
    firstLevel: Math.max(0, levelAt(geometry, edge)),
    levels: Math.ceil(geometry.heightPx / ROW_PX) + 1,
  };
}

/** Where to scroll so that a level is seen; where it is already, the same. */
export function scrollTo(geometry: Geometry, level: number): number {
  const top = topOf(geometry, level);
  if (top < 0) return geometry.scrollPx + top;
  const below = top + ROW_PX - geometry.heightPx;
  return below > 0 ? geometry.scrollPx + below : geometry.scrollPx;
}
