import type { Quality } from '@kube-eagle/api';
import { formatShare } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import type { FlameAnswer } from './load/answers.ts';
import { type BranchState, MAX_ROWS } from './load/use-flame.ts';

/** Shares above which a count is worth a second look. */
const WORRYING = { lost: 0.01, truncated: 0.05, guessed: 0.05, unsymbolized: 0.05 };

interface QualityLineProps {
  readonly answer: FlameAnswer;
  /** Rows shown now, with what was loaded since. */
  readonly rows: number;
  /** Rows that are still left out. */
  readonly cutRows: number;
  readonly branch: BranchState;
}

/** How far the picture can be trusted. Always in sight. */
export function QualityLine(props: QualityLineProps): JSX.Element {
  const { rows, cutRows, branch } = props;
  const { quality } = props.answer;
  const taken = quality?.taken ?? 0;
  const counts = [
    ['lost', 'Stacks that were due and are missing'],
    ['truncated', 'Stacks whose walk ended before the bottom'],
    ['guessed', 'Stacks walked by frame pointers where no unwind table is: frames may be missing'],
    ['unsymbolized', 'Stacks with at least one frame without a name'],
  ] as const;
  return (
    <section class="quality" aria-label="Quality of the data">
      {quality === undefined ? (
        <span>no counts of samples</span>
      ) : (
        <>
          <span>
            <b>{taken.toLocaleString('en')}</b> samples
          </span>
          {counts.map(([name, title]) => {
            const all = name === 'lost' ? taken + quality.lost : taken;
            const isWorrying = all > 0 && quality[name] / all > WORRYING[name];
            return (
              <span key={name} title={title} class={isWorrying ? 'warn' : ''}>
                <b>{formatShare(quality[name], all)}</b> {name}
              </span>
            );
          })}
          <Truncations truncations={quality.truncations} />
        </>
      )}
      <span title="Call paths in the page; the server leaves out the smallest">
        <b>{rows.toLocaleString('en')}</b> paths
        {cutRows > 0 && `, ${cutRows.toLocaleString('en')} cut`}
      </span>
      <BranchNote branch={branch} />
    </section>
  );
}

/** Where most of the cut stacks were cut; all places in its title. */
function Truncations({ truncations }: Pick<Quality, 'truncations'>): JSX.Element | null {
  const [first] = truncations;
  if (first === undefined) return null;
  const title = truncations.map(({ reason, share }) => `${formatShare(share, 1)} ${reason}`);
  return <span title={title.join('\n')}>mostly {first.reason}</span>;
}

function BranchNote({ branch }: { readonly branch: BranchState }): JSX.Element | null {
  switch (branch.kind) {
    case 'whole':
      return null;
    case 'loading':
      return <span role="status">loading the cut branches…</span>;
    case 'full':
      return (
        <span class="warn" role="status">
          the page holds {MAX_ROWS.toLocaleString('en')} paths and loads no more: narrow the filter
        </span>
      );
    case 'failed':
      return (
        <span class="warn" role="alert">
          a cut branch did not load: {branch.error.message}
        </span>
      );
  }
}
