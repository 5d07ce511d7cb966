import type { EagleClient, StatusResponse } from '@kube-eagle/api';
import { formatDuration } from '@kube-eagle/api';
import type { JSX } from 'preact';
import { useLoad } from './load/use-load.ts';
import { Notice } from './notice.tsx';
import { elsewhere, type Place } from './place/place.ts';
import { timeText } from './place/time-range.ts';

interface EmptyNoticeProps {
  readonly client: EagleClient;
  readonly place: Place;
  readonly go: (change: Partial<Place>) => void;
}

/** Time shown on both sides of the newest profile. */
const ROOM_MS = 900_000;
const RECENT_MS = 30_000;

/** That there is nothing to show, why that may be, and the way to where there is something. */
export function EmptyNotice({ client, place, go }: EmptyNoticeProps): JSX.Element {
  const { value: status } = useLoad('status', (signal) => client.status.status({}, { signal }));
  const newestMs = status?.store?.newestMs ?? 0;
  return (
    <Notice title={newestMs > 0 ? 'No profiles here' : 'No profiles yet'}>
      <p>{status === undefined ? 'Nothing matches the filter in this time.' : adviceOf(status)}</p>
      <div class="actions">
        {place.selector !== '' && (
          <button type="button" class="button" onClick={() => go(elsewhere({ selector: '' }))}>
            Clear the filter
          </button>
        )}
        {newestMs > 0 && (
          <button
            type="button"
            class="button primary"
            onClick={() =>
              go(
                elsewhere({
                  from: timeText(newestMs - ROOM_MS),
                  to: timeText(newestMs + ROOM_MS),
                }),
              )
            }
          >
            Go to the newest profile
          </button>
        )}
      </div>
    </Notice>
  );
}

function adviceOf({ agentsConnected, store, nowMs }: StatusResponse): JSX.Element {
  const newestMs = store?.newestMs ?? 0;
  if (newestMs > 0) {
    const ageMs = nowMs - newestMs;
    const age = ageMs < RECENT_MS ? 'of just now' : `${formatDuration(ageMs)} old`;
    return <>Nothing matches the filter in this time. The newest profile is {age}.</>;
  }
  if (agentsConnected === 0) {
    return (
      <>
        No agent is connected. Run <code>eagle doctor</code> on the node to see what keeps it from
        profiling.
      </>
    );
  }
  return <>An agent is connected: its first profile comes after about ten seconds.</>;
}
