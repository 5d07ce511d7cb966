import { boxesIn, type FlameLayout } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { paletteOf, shadesOf } from './colour.ts';
import { drawScene } from './draw.ts';
import { type Geometry, levelsIn } from './geometry.ts';
import type { Hits } from './search.ts';

interface FlameCanvasProps {
  readonly layout: FlameLayout;
  readonly geometry: Geometry;
  /** Values at the left and right edge. */
  readonly span: { readonly start: number; readonly end: number };
  readonly hits: Hits | undefined;
  readonly zoomLevel: number;
  readonly theme: 'light' | 'dark';
}

const MIN_BOX_PX = 1.5;

/** Name of the measure that each redraw leaves in the browser's timeline. */
const MEASURE = 'flame-redraw';

/** The picture of a flame graph: redrawn when anything it depends on changes, and only then. */
export function FlameCanvas(props: FlameCanvasProps): JSX.Element {
  const { layout, geometry, span, hits, zoomLevel, theme } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = useMemo(() => paletteOf(theme), [theme]);
  const shades = useMemo(() => shadesOf(layout.tree.names), [layout.tree.names]);
  const { widthPx, heightPx, scrollPx, growth, levels } = geometry;
  useLayoutEffect(() => {
    if (canvas.current === null || widthPx === 0 || heightPx === 0) return;
    const start = performance.now();
    const view = { ...span, ...levelsIn(geometry), widthPx, minWidthPx: MIN_BOX_PX };
    const boxes = boxesIn(layout, view);
    drawScene(canvas.current, {
      layout,
      boxes,
      geometry,
      palette,
      shades,
      hits,
      zoomLevel,
      pixelRatio: devicePixelRatio,
    });
    performance.clearMeasures(MEASURE);
    performance.measure(MEASURE, { start, detail: { boxes: boxes.length } });
  }, [layout, widthPx, heightPx, scrollPx, growth, levels, span, hits, zoomLevel, palette]);
  return <canvas ref={canvas} class="flame-canvas" />;
}
