import type { FlameHit, FlameLayout } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { cutFactsOf, factsOf, kindName } from './describe.ts';
import { nameOf } from './path.ts';

/** A point over the graph and what lies there; px of the window. */
export interface Hover {
  readonly hit: FlameHit;
  readonly xPx: number;
  readonly yPx: number;
}

interface FlameTooltipProps {
  readonly hover: Hover;
  readonly layout: FlameLayout;
  readonly unit: string;
  readonly zoomRow: number;
  readonly order: 'callees' | 'callers';
}

const OFFSET_PX = 14;

/** What the pointer is over, beside it and inside the window. */
export function FlameTooltip(props: FlameTooltipProps): JSX.Element {
  const { hover, layout, unit, zoomRow, order } = props;
  const element = useRef<HTMLDivElement>(null);
  const { tree } = layout;
  const { row, isCut } = hover.hit;
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const left = Math.min(hover.xPx + OFFSET_PX, innerWidth - box.offsetWidth - 8);
    const isLow = hover.yPx + OFFSET_PX + box.offsetHeight > innerHeight - 8;
    const top = isLow ? hover.yPx - box.offsetHeight - OFFSET_PX : hover.yPx + OFFSET_PX;
    box.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
  });
  const kind = isCut ? '' : kindName(tree.kind[row] ?? 0);
  const facts = isCut ? cutFactsOf(layout, row, unit) : factsOf(layout, row, { unit, zoomRow });
  return (
    <div class="tooltip" ref={element} role="tooltip">
      <p class="tooltip-name">
        {isCut ? `Cut below ${nameOf(tree, row)}` : nameOf(tree, row)}
        {kind !== '' && <span class="tag">{kind}</span>}
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {isCut && (
        <p class="hint">
          Small branches were left out.
          {order === 'callees' && ' Click to load them.'}
        </p>
      )}
    </div>
  );
}
