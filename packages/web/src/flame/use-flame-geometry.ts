import type { FlameLayout } from '@kube-eagle/profile';
import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { contentPx, type Geometry, scrollTo } from './geometry.ts';
import { endOf } from './path.ts';
import { useSize } from './use-size.ts';

/** The part of a graph that its scrolled element shows. */
export interface FlameGeometry {
  readonly geometry: Geometry;
  readonly onScroll: () => void;
  /** Scrolls as little as needed for a level to be seen. */
  readonly reveal: (level: number) => void;
}

/** Follows the size and the scrolling of an element; a flame begins at its foot. */
export function useFlameGeometry(
  scroller: RefObject<HTMLDivElement | null>,
  layout: FlameLayout,
  zoomRow: number,
  growth: 'icicle' | 'flame',
): FlameGeometry {
  const size = useSize(scroller);
  const [scrollPx, setScrollPx] = useState(0);
  const levels = useMemo(() => levelsBelow(layout, zoomRow), [layout, zoomRow]);
  const geometry: Geometry = { growth, levels, scrollPx, ...size };

  function scroll(toPx: number): void {
    if (scroller.current === null) return;
    scroller.current.scrollTop = toPx;
    setScrollPx(scroller.current.scrollTop);
  }

  useLayoutEffect(() => {
    const foot = contentPx(geometry) - geometry.heightPx;
    const start = growth === 'icicle' ? 0 : foot;
    scroll(scrollTo({ ...geometry, scrollPx: start }, layout.level[zoomRow] ?? 0));
  }, [layout, zoomRow, growth, size.heightPx]);

  return {
    geometry,
    onScroll: () => setScrollPx(scroller.current?.scrollTop ?? 0),
    reveal: (level) => scroll(scrollTo(geometry, level)),
  };
}

/** Levels down to the deepest one below a row, and one more for what was cut there. */
function levelsBelow(layout: FlameLayout, row: number): number {
  const end = endOf(layout.tree, row);
  let deepest = 0;
  for (let at = row; at < end; at++) deepest = Math.max(deepest, layout.level[at] ?? 0);
  return deepest + 2;
}
