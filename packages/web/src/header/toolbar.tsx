import { EXPORT_FORMATS, ROUTES } from '@kube-eagle/api';
import { formatShare } from '@kube-eagle/profile';
import type { JSX, RefObject } from 'preact';
import type { Term } from '../flame/search.ts';
import type { Chosen } from '../load/answers.ts';
import type { Place } from '../place/place.ts';
import { Dropdown } from './dropdown.tsx';
import { Segments } from './segments.tsx';

interface ToolbarProps {
  readonly place: Place;
  readonly term: Term | undefined;
  /** Value of the stacks that match the search, and of all; absent before there is a graph. */
  readonly matched: { readonly value: number; readonly total: number } | undefined;
  readonly chosen: Chosen | undefined;
  readonly base: string;
  readonly searchBox: RefObject<HTMLInputElement | null>;
  readonly go: (change: Partial<Place>, how?: 'push' | 'replace') => void;
}

/** How the profile is shown, the search, and the way out as a file. */
export function Toolbar(props: ToolbarProps): JSX.Element {
  const { place, chosen, base, go } = props;
  return (
    <div class="toolbar">
      <Segments
        label="View"
        value={place.view}
        options={[
          ['graph', 'Graph'],
          ['table', 'Table'],
          ['both', 'Both'],
        ]}
        onChoose={(view) => go({ view })}
      />
      <SearchBox {...props} />
      {place.view !== 'table' && (
        <>
          <Segments
            label="What hangs below a function"
            value={place.order}
            options={[
              ['callees', 'Callees'],
              ['callers', 'Callers'],
            ]}
            onChoose={(order) => go({ order, zoom: [] })}
          />
          <Segments
            label="Growth"
            value={place.growth}
            options={[
              ['icicle', 'Icicle'],
              ['flame', 'Flame'],
            ]}
            onChoose={(growth) => go({ growth })}
          />
        </>
      )}
      <Dropdown align="right" label="Export">
        {(close) => (
          <ul class="choices">
            {EXPORT_FORMATS.map((format) => (
              <li key={format}>
                <a href={exportUrl(base, format, chosen)} download onClick={close}>
                  {format}
                </a>
              </li>
            ))}
          </ul>
        )}
      </Dropdown>
    </div>
  );
}

function SearchBox({ place, term, matched, searchBox, go }: ToolbarProps): JSX.Element {
  const isText = term?.isPattern === false;
  return (
    <search class="search">
      <input
        ref={searchBox}
        class="input"
        type="search"
        placeholder="Search functions (regular expression)"
        aria-label="Search functions, by regular expression"
        spellcheck={false}
        value={place.search}
        onInput={(event) => go({ search: event.currentTarget.value }, 'replace')}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            go({ search: '' }, 'replace');
            event.currentTarget.blur();
          }
        }}
      />
      <output class="matched" aria-live="polite">
        {term !== undefined && matched !== undefined && (
          <>
            {formatShare(matched.value, matched.total)} matched
            {isText && <span class="hint"> as plain text</span>}
          </>
        )}
      </output>
    </search>
  );
}

function exportUrl(base: string, format: string, chosen: Chosen | undefined): string {
  const url = new URL(ROUTES.export.slice(1), base);
  url.searchParams.set('format', format);
  if (chosen !== undefined) {
    url.searchParams.set('profile_type', chosen.profileType);
    url.searchParams.set('selector', chosen.selector);
    url.searchParams.set('from_ms', String(chosen.range.fromMs));
    url.searchParams.set('to_ms', String(chosen.range.toMs));
  }
  return url.href;
}
