import { type EagleClient, fromConnectError } from '@kube-eagle/api';
import { type EagleError, type FlameLayout, layOutFlame } from '@kube-eagle/profile';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { graft, missingPath } from '../flame/graft.ts';
import { followPath } from '../flame/path.ts';
import type { Place } from '../place/place.ts';
import { askFlame, type Chosen, type FlameAnswer } from './answers.ts';
import { type Loaded, useLoad } from './use-load.ts';

/** Rows that the page keeps; branches are not loaded beyond. */
export const MAX_ROWS = 2_000_000;

/** A flame graph and the branches that were loaded into it. */
export interface Flame {
  readonly answer: Loaded<FlameAnswer>;
  readonly layout: FlameLayout | undefined;
  readonly branch: BranchState;
  /** Rows that are still cut. */
  readonly cutRows: number;
}

/** What became of the branch that the zoom shows. */
export type BranchState =
  | { readonly kind: 'whole' | 'loading' | 'full' }
  | { readonly kind: 'failed'; readonly error: EagleError };

/** An answer with what was loaded into it since. */
interface Grown {
  readonly answer: FlameAnswer;
  readonly layout: FlameLayout;
  readonly branch: BranchState;
  /** Paths asked for, whatever came of it. */
  readonly asked: ReadonlySet<string>;
}

/** The flame graph of what is chosen. Branches that were cut are loaded when zoomed to. */
export function useFlame(client: EagleClient, chosen: Chosen | undefined, place: Place): Flame {
  const { order } = place;
  const key = chosen && JSON.stringify([chosen, order]);
  const answer = useLoad(key, async (signal) => {
    if (chosen === undefined) throw new Error('asked without a question');
    return { chosen, ...(await askFlame(client, { chosen, order, path: [] }, signal)) };
  });
  const grown = useGrown(client, answer.value, place);
  const loadedRows = grown ? grown.layout.tree.length - grown.answer.tree.length : 0;
  const cutRows = Math.max(0, (grown?.answer.cutRows ?? 0) - loadedRows);
  return { answer, layout: grown?.layout, branch: grown?.branch ?? { kind: 'whole' }, cutRows };
}

function useGrown(
  client: EagleClient,
  answer: (FlameAnswer & { readonly chosen: Chosen }) | undefined,
  place: Place,
): Grown | undefined {
  const [latest, setLatest] = useState<Grown | undefined>(undefined);
  const [isLoading, setLoading] = useState(false);
  const grown = useMemo((): Grown | undefined => {
    if (answer === undefined || latest?.answer === answer) return latest;
    const layout = layOutFlame(answer.tree);
    return { answer, layout, branch: { kind: 'whole' }, asked: new Set() };
  }, [answer, latest]);

  // While a tree of the other order is still shown, the zoom is not one of its paths.
  const zoom = place.order === answer?.order ? place.zoom : [];
  useEffect(() => {
    if (grown === undefined || answer === undefined) return undefined;
    const missing = missingPath(grown.layout, zoom);
    const key = JSON.stringify(missing);
    if (missing === undefined || grown.asked.has(key)) return undefined;
    const asking = new AbortController();
    const show = (change: Partial<Grown>): void => {
      if (!asking.signal.aborted) {
        setLatest({ ...grown, ...change, asked: new Set(grown.asked).add(key) });
      }
    };
    if (grown.layout.tree.length >= MAX_ROWS) {
      show({ branch: { kind: 'full' } });
      return undefined;
    }
    setLoading(true);
    const { chosen, order } = answer;
    askFlame(client, { chosen, order, path: missing }, asking.signal).then(
      ({ tree }) => {
        const { row } = followPath(grown.layout.tree, missing);
        show({
          layout: layOutFlame(graft(grown.layout.tree, row, tree)),
          branch: { kind: 'whole' },
        });
      },
      (error: unknown) => show({ branch: { kind: 'failed', error: fromConnectError(error) } }),
    );
    return () => {
      setLoading(false);
      asking.abort();
    };
  }, [grown, JSON.stringify(zoom)]);
  return grown && (isLoading ? { ...grown, branch: { kind: 'loading' } } : grown);
}
