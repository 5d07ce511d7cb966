import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { Place } from './place/place.ts';

const DARK = '(prefers-color-scheme: dark)';

/** The theme to show, told to the style sheet too; `auto` follows the system. */
export function useTheme(wanted: Place['theme']): 'light' | 'dark' {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const follow = (): void => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const theme = wanted === 'auto' ? (isDark ? 'dark' : 'light') : wanted;
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  return theme;
}
