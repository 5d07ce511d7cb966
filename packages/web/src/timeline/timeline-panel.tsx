import type { JSX } from 'preact';
import { askLabels, askTimeline, type Chosen } from '../load/answers.ts';
import { useLoad } from '../load/use-load.ts';
import type { Page } from '../page.ts';
import { elsewhere, type Place } from '../place/place.ts';
import { timeText, widened } from '../place/time-range.ts';
import { Timeline } from './timeline.tsx';

interface TimelinePanelProps {
  readonly page: Page;
  readonly place: Place;
  readonly theme: 'light' | 'dark';
  readonly chosen: Chosen;
}

/** The timeline with what splits it and the way to a wider range. */
export function TimelinePanel({ page, place, theme, chosen }: TimelinePanelProps): JSX.Element {
  const { client, store } = page;
  const { groupBy } = place;
  const timeline = useLoad(JSON.stringify([chosen, groupBy]), async (signal) => ({
    answer: await askTimeline(client, chosen, groupBy, signal),
    range: chosen.range,
  }));
  const labels = useLoad(JSON.stringify(chosen.range), (signal) =>
    askLabels(client, chosen.range, signal),
  );
  const names = [
    ...new Set([...(labels.value?.keys() ?? []), ...(groupBy === '' ? [] : [groupBy])]),
  ];

  function zoomOut(): void {
    const { fromMs, toMs } = widened(chosen.range, page.nowMs());
    store.go(elsewhere({ from: timeText(fromMs), to: timeText(toMs) }));
  }

  return (
    <section class="timeline" aria-label="Timeline">
      {timeline.error ? (
        <p class="message" role="alert">
          The timeline did not load: {timeline.error.message}
        </p>
      ) : (
        timeline.value && (
          <Timeline
            timeline={timeline.value.answer}
            range={timeline.value.range}
            profileType={chosen.profileType}
            {...{ place, theme }}
            go={store.go}
          />
        )
      )}
      <div class="timeline-tools">
        <label class="hint">
          by{' '}
          <select
            class="bare"
            value={groupBy}
            onChange={(event) => store.go({ groupBy: event.currentTarget.value })}
          >
            <option value="">nothing</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button plain small" title="Twice the time" onClick={zoomOut}>
          Zoom out
        </button>
      </div>
    </section>
  );
}
