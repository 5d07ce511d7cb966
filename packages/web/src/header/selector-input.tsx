import type { EagleClient } from '@kube-eagle/api';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { askLabels } from '../load/answers.ts';
import { useLoad } from '../load/use-load.ts';
import { elsewhere, type Place } from '../place/place.ts';
import { conditionsOf, selectorProblem, withLabel } from '../place/selector-label.ts';
import type { TimeRange } from '../place/time-range.ts';
import { Dropdown } from './dropdown.tsx';

interface SelectorInputProps {
  readonly client: EagleClient;
  readonly place: Place;
  readonly range: TimeRange | undefined;
  readonly go: (change: Partial<Place>) => void;
}

/** Chooses series: label by label from what there is, or typed as a selector. */
export function SelectorInput({ client, place, range, go }: SelectorInputProps): JSX.Element {
  const [text, setText] = useState(place.selector);
  useEffect(() => setText(place.selector), [place.selector]);
  const problem = selectorProblem(text);
  const apply = (selector: string): void => go(elsewhere({ selector }));
  return (
    <form
      class="selector"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) apply(text.trim());
      }}
    >
      <Dropdown label="Filter" title="Filter by a label">
        {(close) => (
          <LabelPicker
            {...{ client, range }}
            selector={place.selector}
            onPick={(name, value) => {
              close();
              apply(withLabel(place.selector, name, value));
            }}
          />
        )}
      </Dropdown>
      <input
        class="input selector-text"
        aria-label="Selector"
        aria-invalid={problem !== undefined}
        title={problem ?? 'Enter applies'}
        placeholder='All series, or namespace="shop", pod=~"web-.*"'
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={() => problem === undefined && apply(text.trim())}
      />
      {problem !== undefined && (
        <p class="input-problem" role="alert">
          {problem}
        </p>
      )}
      {text !== '' && (
        <button
          type="button"
          class="button plain"
          aria-label="Clear the selector"
          onClick={() => apply('')}
        >
          ✕
        </button>
      )}
    </form>
  );
}

interface LabelPickerProps {
  readonly client: EagleClient;
  readonly range: TimeRange | undefined;
  readonly selector: string;
  readonly onPick: (name: string, value: string | undefined) => void;
}

/** Values shown of one label: the rest is found by typing. */
const MAX_SHOWN = 200;

/** A label on the left, its values on the right. */
function LabelPicker({ client, range, selector, onPick }: LabelPickerProps): JSX.Element {
  const [wanted, setWanted] = useState('');
  const [chosenName, setName] = useState<string | undefined>(undefined);
  const labels = useLoad(range && JSON.stringify(range), async (signal) =>
    range ? askLabels(client, range, signal) : new Map<string, readonly string[]>(),
  );
  const names = [...(labels.value?.keys() ?? [])];
  const name = chosenName ?? names[0];
  if (name === undefined) {
    const messages = { loading: 'Loading labels…', ready: 'No labels in this range.', failed: '' };
    return <p class="hint pad">{labels.error?.message ?? messages[labels.state]}</p>;
  }
  const isWanted = (text: string): boolean => text.toLowerCase().includes(wanted.toLowerCase());
  const values = (labels.value?.get(name) ?? []).filter(isWanted);
  const current = conditionsOf(selector).find((one) => one.name === name);
  return (
    <div class="label-picker">
      <input
        class="input"
        placeholder={`Find a value of ${name}`}
        aria-label={`Find a value of ${name}`}
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value)}
      />
      <ul class="choices" aria-label="Labels">
        {names.map((one) => (
          <li key={one}>
            <button type="button" aria-pressed={one === name} onClick={() => setName(one)}>
              {one}
            </button>
          </li>
        ))}
      </ul>
      <ul class="choices" aria-label={`Values of ${name}`}>
        {current && (
          <li>
            <button type="button" class="quiet" onClick={() => onPick(name, undefined)}>
              any {name}
            </button>
          </li>
        )}
        {values.slice(0, MAX_SHOWN).map((value) => (
          <li key={value}>
            <button
              type="button"
              aria-pressed={current?.op === '=' && current.value === value}
              onClick={() => onPick(name, value)}
            >
              {value}
            </button>
          </li>
        ))}
        {values.length > MAX_SHOWN && (
          <li class="hint pad">{values.length - MAX_SHOWN} more: type to find them</li>
        )}
      </ul>
    </div>
  );
}
