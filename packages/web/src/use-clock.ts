import { useEffect, useState } from 'preact/hooks';

/** The moment that a page is of: it moves on when asked to, and by itself every so often. */
export function useClock(
  nowMs: () => number,
  refreshMs: number,
): { readonly momentMs: number; readonly refresh: () => void } {
  const [momentMs, setMoment] = useState(nowMs);
  useEffect(() => {
    if (refreshMs === 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setMoment(nowMs());
    }, refreshMs);
    return () => clearInterval(timer);
  }, [refreshMs, nowMs]);
  return { momentMs, refresh: () => setMoment(nowMs()) };
}
