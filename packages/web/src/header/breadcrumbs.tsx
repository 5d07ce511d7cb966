import { shortName } from '@kube-eagle/profile';
import type { JSX } from 'preact';

interface BreadcrumbsProps {
  readonly zoom: readonly string[];
  readonly onZoom: (zoom: readonly string[]) => void;
}

/** Names shown of a long path, those nearest to the function zoomed to. */
const SHOWN = 5;
const NAME_LENGTH = 28;

/** The way from the root to what is zoomed to; nothing while that is the root. */
export function Breadcrumbs({ zoom, onZoom }: BreadcrumbsProps): JSX.Element | null {
  if (zoom.length === 0) return null;
  const first = Math.max(0, zoom.length - SHOWN);
  return (
    <nav class="breadcrumbs" aria-label="Zoom">
      <button type="button" onClick={() => onZoom([])}>
        total
      </button>
      {first > 0 && <span class="hint">… {first} more</span>}
      {zoom.slice(first).map((name, at) => {
        const path = zoom.slice(0, first + at + 1);
        const isLast = path.length === zoom.length;
        return (
          <button
            key={path.length}
            type="button"
            title={name}
            aria-current={isLast ? 'location' : undefined}
            onClick={() => onZoom(path)}
          >
            {shortName(name, NAME_LENGTH)}
          </button>
        );
      })}
      <button type="button" class="reset" onClick={() => onZoom([])}>
        Reset zoom
      </button>
    </nav>
  );
}
