import type { FlameLayout } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { copyText } from './copy-text.ts';
import { FlameGraph } from './flame/flame-graph.tsx';
import type { Hits, Term } from './flame/search.ts';
import { Breadcrumbs } from './header/breadcrumbs.tsx';
import { askTop, type Chosen } from './load/answers.ts';
import { useLoad } from './load/use-load.ts';
import { Notice } from './notice.tsx';
import type { Page } from './page.ts';
import type { Place } from './place/place.ts';
import { FunctionTable } from './table/function-table.tsx';

interface ProfilePanelProps {
  readonly page: Page;
  readonly place: Place;
  readonly theme: 'light' | 'dark';
  readonly chosen: Chosen;
  readonly layout: FlameLayout;
  readonly unit: string;
  readonly hits: Hits | undefined;
  readonly term: Term | undefined;
}

const TOAST_MS = 2_000;

/** The profile as a graph, as a table, or as both. */
export function ProfilePanel(props: ProfilePanelProps): JSX.Element {
  const { page, place, theme, layout, unit, hits } = props;
  const { store } = page;
  const [toast, setToast] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setToast(''), TOAST_MS);
    return () => clearTimeout(timer);
  }, [toast]);

  async function copy(text: string, what: string): Promise<void> {
    const copied = await copyText(text);
    setToast(copied ? `Copied ${what}` : `The browser did not let ${what} be copied`);
  }

  return (
    <div class={`profile view-${place.view}`}>
      {place.view !== 'graph' && <TopTable {...props} />}
      {place.view !== 'table' && (
        <section class="graph" aria-label="Flame graph">
          <Breadcrumbs zoom={place.zoom} onZoom={(zoom) => store.go({ zoom })} />
          <FlameGraph
            {...{ layout, unit, hits, place, theme }}
            go={store.go}
            copy={(text, what) => void copy(text, what)}
          />
        </section>
      )}
      <div class={`toast ${toast === '' ? '' : 'on'}`} role="status">
        {toast}
      </div>
    </div>
  );
}

function TopTable({ page, place, chosen, term }: ProfilePanelProps): JSX.Element {
  const top = useLoad(JSON.stringify(chosen), (signal) => askTop(page.client, chosen, signal));
  return (
    <section class="table" aria-label="Functions">
      {top.error && (
        <Notice title="The table did not load" role="alert">
          <p class="message">{top.error.message}</p>
        </Notice>
      )}
      {top.value && !top.error && (
        <FunctionTable top={top.value} term={term} place={place} go={page.store.go} />
      )}
      {!top.value && !top.error && (
        <div class="skeleton" role="status" aria-label="Loading the table" />
      )}
    </section>
  );
}
