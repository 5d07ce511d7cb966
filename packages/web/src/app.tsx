import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { EmptyNotice } from './empty-notice.tsx';
import { Header } from './header/header.tsx';
import { HelpDialog } from './header/help-dialog.tsx';
import { FailedNotice, Notice } from './notice.tsx';
import type { Page } from './page.ts';
import { usePlace } from './place/use-place.ts';
import { ProfileView } from './profile-view.tsx';
import { TimelinePanel } from './timeline/timeline-panel.tsx';
import { type Choice, useChosen } from './use-chosen.ts';
import { useClock } from './use-clock.ts';
import { useKeys } from './use-keys.ts';
import { useTheme } from './use-theme.ts';

/** The whole page. */
export function App({ page }: { readonly page: Page }): JSX.Element {
  const { client, store } = page;
  const place = usePlace(store);
  const theme = useTheme(place.theme);
  const { momentMs, refresh } = useClock(page.nowMs, place.refreshMs);
  const choice = useChosen(page, place, momentMs);
  const [isHelping, setHelping] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => searchBox.current?.focus(), '?': () => setHelping(true) });
  useEffect(() => {
    document.title = place.selector === '' ? 'kube-eagle' : `${place.selector} – kube-eagle`;
  }, [place.selector]);

  const { read, types, profileType, chosen } = choice;
  return (
    <>
      <Header
        {...{ page, place, read, profileType }}
        types={types.value ?? []}
        go={store.go}
        onRefresh={refresh}
        onHelp={() => setHelping(true)}
      />
      {chosen && <TimelinePanel {...{ page, place, theme, chosen }} />}
      <main class="main">
        <Obstacle choice={choice} onRetry={refresh}>
          {() =>
            chosen ? (
              <ProfileView {...{ page, place, theme, chosen, searchBox }} onRetry={refresh} />
            ) : (
              <EmptyNotice client={client} place={place} go={store.go} />
            )
          }
        </Obstacle>
      </main>
      {isHelping && <HelpDialog onClose={() => setHelping(false)} />}
    </>
  );
}

interface ObstacleProps {
  readonly choice: Choice;
  readonly onRetry: () => void;
  readonly children: () => JSX.Element;
}

/** What keeps the page from showing anything, else its children. */
function Obstacle({ choice, onRetry, children }: ObstacleProps): JSX.Element {
  const { read, types, chosen } = choice;
  if (read.kind === 'problem') {
    return (
      <Notice title="The time range is not clear" role="alert">
        <p class="message">{read.message}</p>
      </Notice>
    );
  }
  if (types.error !== undefined) return <FailedNotice error={types.error} onRetry={onRetry} />;
  if (types.state === 'loading' && chosen === undefined) {
    return <div class="skeleton" role="status" aria-label="Loading the profile types" />;
  }
  return children();
}
