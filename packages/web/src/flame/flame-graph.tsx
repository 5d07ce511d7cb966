import { type FlameHit, type FlameLayout, hitAt, zoomTo } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Place } from '../place/place.ts';
import { FlameCanvas } from './flame-canvas.tsx';
import { FlameMenu } from './flame-menu.tsx';
import { FlamePath, pathItemId } from './flame-path.tsx';
import { FlameTooltip, type Hover } from './flame-tooltip.tsx';
import { contentPx, type Geometry, levelAt, ROW_PX, topOf } from './geometry.ts';
import { followPath } from './path.ts';
import type { Hits } from './search.ts';
import { useFlameCommands } from './use-flame-commands.ts';
import { useFlameGeometry } from './use-flame-geometry.ts';
import { useGliding } from './use-gliding.ts';

interface FlameGraphProps {
  readonly layout: FlameLayout;
  readonly unit: string;
  readonly hits: Hits | undefined;
  readonly place: Place;
  readonly theme: 'light' | 'dark';
  readonly go: (change: Partial<Place>) => void;
  /** Puts text on the clipboard and says that it is there: `what` names it. */
  readonly copy: (text: string, what: string) => void;
}

/** The flame graph: a picture, what the pointer is over, what the keyboard selected. */
export function FlameGraph(props: FlameGraphProps): JSX.Element {
  const { layout, unit, place } = props;
  const { tree } = layout;
  const scroller = useRef<HTMLDivElement>(null);
  const zoomRow = useMemo(() => followPath(tree, place.zoom).row, [tree, place.zoom]);
  const flame = useFlameGeometry(scroller, layout, zoomRow, place.growth);
  const span = useGliding(zoomTo(layout, zoomRow), tree);
  const [hover, setHover] = useState<Hover | undefined>(undefined);
  const [menu, setMenu] = useState<Hover | undefined>(undefined);
  const commands = useFlameCommands({ ...props, reveal: flame.reveal });

  function hoverOf(event: MouseEvent): Hover | undefined {
    const box = scroller.current?.getBoundingClientRect();
    if (box === undefined) return undefined;
    const share = (event.clientX - box.left) / Math.max(1, flame.geometry.widthPx);
    const value = span.start + share * (span.end - span.start);
    const hit = hitAt(layout, levelAt(flame.geometry, event.clientY - box.top), value);
    return hit && { hit, xPx: event.clientX, yPx: event.clientY };
  }

  return (
    <>
      <div
        class="flame-scroll"
        ref={scroller}
        role="tree"
        tabIndex={0}
        aria-label="Flame graph. Arrow keys move, Enter zooms, Escape zooms out, c copies the stack."
        aria-activedescendant={pathItemId(layout.level[commands.selected] ?? 0)}
        onScroll={flame.onScroll}
        onKeyDown={commands.onKeyDown}
        onPointerMove={(event) =>
          setHover(event.pointerType === 'touch' ? undefined : hoverOf(event))
        }
        onPointerLeave={() => setHover(undefined)}
        onClick={(event) => {
          const at = hoverOf(event);
          setHover(undefined);
          if (at) commands.zoom(at.hit.row);
        }}
        onContextMenu={(event) => {
          event.preventDefault();
          setMenu(hoverOf(event));
        }}
      >
        <Picture
          {...props}
          {...{ zoomRow, span }}
          geometry={flame.geometry}
          hovered={hover?.hit}
          selected={commands.selected}
        />
      </div>
      {hover && !menu && <FlameTooltip {...{ hover, layout, unit, zoomRow }} order={place.order} />}
      {menu && (
        <FlameMenu
          key={`${menu.xPx},${menu.yPx}`}
          xPx={menu.xPx}
          yPx={menu.yPx}
          actions={commands.actionsOf(menu.hit.row)}
          onClose={() => {
            setMenu(undefined);
            scroller.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </>
  );
}

interface PictureProps extends FlameGraphProps {
  readonly geometry: Geometry;
  readonly span: { readonly start: number; readonly end: number };
  readonly zoomRow: number;
  readonly hovered: FlameHit | undefined;
  readonly selected: number;
}

/** What stays in the viewport while the room for all levels is scrolled behind it. */
function Picture(props: PictureProps): JSX.Element {
  const { layout, geometry, span, hovered, selected, hits, theme } = props;
  return (
    <div style={{ height: `${contentPx(geometry)}px` }}>
      <div class="flame-view" style={{ height: `${geometry.heightPx}px` }}>
        <FlameCanvas
          {...{ layout, geometry, span, hits, theme }}
          zoomLevel={layout.level[props.zoomRow] ?? 0}
        />
        {hovered && !hovered.isCut && (
          <Outline kind="hovered" row={hovered.row} {...{ layout, geometry, span }} />
        )}
        <Outline kind="selected" row={selected} {...{ layout, geometry, span }} />
        <FlamePath tree={layout.tree} row={selected} />
      </div>
    </div>
  );
}

interface OutlineProps {
  readonly kind: 'hovered' | 'selected';
  readonly row: number;
  readonly layout: FlameLayout;
  readonly geometry: Geometry;
  readonly span: { readonly start: number; readonly end: number };
}

/** A frame around one box. */
function Outline({ kind, row, layout, geometry, span }: OutlineProps): JSX.Element | null {
  const scale = geometry.widthPx / Math.max(span.end - span.start, Number.MIN_VALUE);
  const own = zoomTo(layout, row);
  const left = Math.max(0, (own.start - span.start) * scale);
  const right = Math.min(geometry.widthPx, (own.end - span.start) * scale);
  if (right < left) return null;
  const top = topOf(geometry, layout.level[row] ?? 0);
  const style = {
    transform: `translate(${left}px, ${top}px)`,
    width: `${Math.max(2, right - left)}px`,
    height: `${ROW_PX - 1}px`,
  };
  return <div class={`outline ${kind}`} style={style} />;
}
