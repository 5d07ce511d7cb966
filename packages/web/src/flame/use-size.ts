import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Width and height of an element in px, kept current; zero before the first layout. */
export function useSize(element: RefObject<HTMLElement | null>): {
  readonly widthPx: number;
  readonly heightPx: number;
} {
  const [size, setSize] = useState({ widthPx: 0, heightPx: 0 });
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return undefined;
    const observer = new ResizeObserver(() =>
      setSize({ widthPx: watched.clientWidth, heightPx: watched.clientHeight }),
    );
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
