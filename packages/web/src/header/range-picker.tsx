import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { elsewhere, type Place } from '../place/place.ts';
import { QUICK_RANGES, type RangeRead, rangeName, readRange } from '../place/time-range.ts';
import { Dropdown } from './dropdown.tsx';

interface RangePickerProps {
  readonly place: Place;
  readonly read: RangeRead;
  readonly go: (change: Partial<Place>) => void;
  readonly nowMs: () => number;
}

/** Chooses the time range: a quick one, or both ends typed. */
export function RangePicker({ place, read, go, nowMs }: RangePickerProps): JSX.Element {
  const range = read.kind === 'range' ? read.range : undefined;
  return (
    <Dropdown align="right" label={rangeName(place.from, place.to, range)} title="Time range">
      {(close) => (
        <div class="range-panel">
          <ul class="choices">
            {QUICK_RANGES.map(([from, name]) => (
              <li key={from}>
                <button
                  type="button"
                  aria-pressed={place.from === from && place.to === 'now'}
                  onClick={() => {
                    close();
                    go(elsewhere({ from, to: 'now' }));
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <TypedRange
            place={place}
            nowMs={nowMs}
            onApply={(from, to) => {
              close();
              go(elsewhere({ from, to }));
            }}
          />
        </div>
      )}
    </Dropdown>
  );
}

interface TypedRangeProps {
  readonly place: Place;
  readonly nowMs: () => number;
  readonly onApply: (from: string, to: string) => void;
}

function TypedRange({ place, nowMs, onApply }: TypedRangeProps): JSX.Element {
  const [from, setFrom] = useState(place.from);
  const [to, setTo] = useState(place.to);
  const read = readRange(from, to, nowMs());
  return (
    <form
      class="typed-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (read.kind === 'range') onApply(from, to);
      }}
    >
      <label>
        From
        <input class="input" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        To
        <input class="input" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      <p class="hint">
        {read.kind === 'problem' ? read.message : 'now-90m, 2026-03-12T03:12 (UTC), ms since 1970'}
      </p>
      <button type="submit" class="button primary" disabled={read.kind === 'problem'}>
        Apply
      </button>
    </form>
  );
}
