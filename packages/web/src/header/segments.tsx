import type { JSX } from 'preact';

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, name: string])[];
  readonly onChoose: (value: T) => void;
}

/** A choice of a few words, all of them in sight. */
export function Segments<T extends string>(props: SegmentsProps<T>): JSX.Element {
  const { label, value, options, onChoose } = props;
  return (
    <fieldset class="segments">
      <legend class="only-heard">{label}</legend>
      {options.map(([option, name]) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => onChoose(option)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
