import { fromConnectError } from '@kube-eagle/api';
import type { EagleError } from '@kube-eagle/profile';
import { useEffect, useState } from 'preact/hooks';

/** An answer on its way. While a new one is awaited, or failed, `value` is the one before. */
export interface Loaded<T> {
  readonly state: 'loading' | 'ready' | 'failed';
  readonly value?: T;
  readonly error?: EagleError;
}

/**
 * Asks whenever `key` changes, and gives up the question before. Nothing is asked while `key` is
 * `undefined`.
 */
export function useLoad<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  useEffect(() => {
    if (key === undefined) return undefined;
    const asking = new AbortController();
    setLoaded((before) => ({ ...before, state: 'loading' }));
    load(asking.signal).then(
      (value) => {
        if (!asking.signal.aborted) setLoaded({ state: 'ready', value });
      },
      (error: unknown) => {
        if (asking.signal.aborted) return;
        setLoaded((before) => ({ ...before, state: 'failed', error: fromConnectError(error) }));
      },
    );
    return () => asking.abort();
    // `key` names all that `load` closes over.
  }, [key]);
  return loaded;
}
