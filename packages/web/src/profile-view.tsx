import type { JSX, RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import { EmptyNotice } from './empty-notice.tsx';
import { searchFlame, termOf } from './flame/search.ts';
import { Toolbar } from './header/toolbar.tsx';
import type { Chosen } from './load/answers.ts';
import { useFlame } from './load/use-flame.ts';
import { FailedNotice } from './notice.tsx';
import type { Page } from './page.ts';
import type { Place } from './place/place.ts';
import { ProfilePanel } from './profile-panel.tsx';
import { QualityLine } from './quality-line.tsx';

interface ProfileViewProps {
  readonly page: Page;
  readonly place: Place;
  readonly theme: 'light' | 'dark';
  readonly chosen: Chosen;
  readonly searchBox: RefObject<HTMLInputElement | null>;
  readonly onRetry: () => void;
}

/** One merged profile: its tools, its graph and table, and how far to trust it. */
export function ProfileView(props: ProfileViewProps): JSX.Element {
  const { page, place, theme, chosen, searchBox, onRetry } = props;
  const { client, store } = page;
  const { answer, layout, branch, cutRows } = useFlame(client, chosen, place);
  const term = useMemo(() => termOf(place.search), [place.search]);
  const hits = useMemo(() => layout && term && searchFlame(layout, term), [layout, term]);

  if (answer.error !== undefined) return <FailedNotice error={answer.error} onRetry={onRetry} />;
  if (answer.value === undefined || layout === undefined) {
    return <div class="skeleton" role="status" aria-label="Loading the profile" />;
  }
  const { tree, unit } = answer.value;
  const total = tree.total[0] ?? 0;
  const isLoading = answer.state === 'loading';
  if (total === 0 && !isLoading) return <EmptyNotice client={client} place={place} go={store.go} />;
  return (
    <>
      <div class={`progress ${isLoading ? 'on' : ''}`} aria-hidden="true" />
      <Toolbar
        {...{ place, term, chosen, searchBox }}
        matched={hits && { value: hits.value, total: layout.tree.total[0] ?? 0 }}
        base={page.base}
        go={store.go}
      />
      <ProfilePanel {...{ page, place, theme, chosen, layout, unit, hits, term }} />
      <QualityLine answer={answer.value} rows={layout.tree.length - 1} {...{ cutRows, branch }} />
    </>
  );
}
