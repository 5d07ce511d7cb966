import { parseProfileTypeId } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import type { Page } from '../page.ts';
import { elsewhere, type Place, REFRESHES } from '../place/place.ts';
import type { RangeRead } from '../place/time-range.ts';
import { RangePicker } from './range-picker.tsx';
import { SelectorInput } from './selector-input.tsx';

interface HeaderProps {
  readonly page: Page;
  readonly place: Place;
  readonly read: RangeRead;
  readonly types: readonly string[];
  readonly profileType: string;
  readonly go: (change: Partial<Place>) => void;
  readonly onRefresh: () => void;
  readonly onHelp: () => void;
}

/** What is looked at: type, series, time; and how the page looks. */
export function Header(props: HeaderProps): JSX.Element {
  const { page, place, read, types, profileType, go } = props;
  const range = read.kind === 'range' ? read.range : undefined;
  const known = types.includes(profileType) || profileType === '' ? types : [profileType, ...types];
  return (
    <header class="header">
      <a class="brand" href={page.base} title="Start anew">
        <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
          <rect x="3" y="5" width="26" height="6" rx="2" class="brand-a" />
          <rect x="3" y="13" width="17" height="6" rx="2" class="brand-b" />
          <rect x="3" y="21" width="9" height="6" rx="2" class="brand-c" />
        </svg>
        <h1>kube-eagle</h1>
      </a>
      <select
        class="input"
        aria-label="Profile type"
        value={profileType}
        disabled={known.length === 0}
        onChange={(event) => go(elsewhere({ profileType: event.currentTarget.value }))}
      >
        {known.length === 0 && <option value="">no profiles</option>}
        {known.map((id) => (
          <option key={id} value={id} title={id}>
            {typeName(id)}
          </option>
        ))}
      </select>
      <SelectorInput client={page.client} {...{ place, range, go }} />
      <RangePicker {...{ place, read, go }} nowMs={page.nowMs} />
      <div class="joined">
        <button type="button" class="button" title="Ask again" onClick={props.onRefresh}>
          <span aria-hidden="true">↻</span>
          <span class="only-heard">Refresh</span>
        </button>
        <select
          class="input"
          aria-label="Refresh by itself"
          value={String(place.refreshMs)}
          onChange={(event) => go({ refreshMs: Number(event.currentTarget.value) })}
        >
          {REFRESHES.map((ms) => (
            <option key={ms} value={String(ms)}>
              {ms === 0 ? 'off' : `${ms / 1_000} s`}
            </option>
          ))}
        </select>
      </div>
      <ThemeButton theme={place.theme} go={go} />
      <button type="button" class="button plain" title="Help (?)" onClick={props.onHelp}>
        <span aria-hidden="true">?</span>
        <span class="only-heard">Help</span>
      </button>
    </header>
  );
}

const NEXT_THEME = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const THEME_SIGN = { auto: '◐', light: '☀', dark: '☾' } as const;

function ThemeButton({ theme, go }: Pick<HeaderProps, 'go'> & Pick<Place, 'theme'>): JSX.Element {
  const text = `Theme: ${theme}. Switch to ${NEXT_THEME[theme]}.`;
  return (
    <button
      type="button"
      class="button plain"
      title={text}
      aria-label={text}
      onClick={() => go({ theme: NEXT_THEME[theme] })}
    >
      {THEME_SIGN[theme]}
    </button>
  );
}

/** `process_cpu · cpu`; the words once where they are the same. */
function typeName(id: string): string {
  const type = parseProfileTypeId(id);
  if (type === undefined) return id;
  return type.name === type.sampleType ? type.name : `${type.name} · ${type.sampleType}`;
}
