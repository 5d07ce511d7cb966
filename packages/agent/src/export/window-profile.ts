import {
  CPU,
  createProfileBuilder,
  NONE,
  type Profile,
  type ProfileBuilder,
  type SeriesId,
  type StackId,
} from '@kube-eagle/profile';
import type { LabelsOfContainer } from '../containers/container-labels.ts';
import { type SampleWindow, STACK_ENDS } from '../sampler/sampler.ts';
import type { NamedFrames } from '../symbols/symbolizer.ts';
import { createFrameRows, type FrameRowsOf } from './frame-rows.ts';
import { type Origin, seriesLabels } from './series-labels.ts';
import { shareOut } from './share-out.ts';
import { truncationFrame } from './truncation-frame.ts';

const NO_USER = STACK_ENDS.indexOf('no_user');
const GUESSED = STACK_ENDS.indexOf('guessed');

interface SeriesSum {
  taken: number;
  truncated: number;
  unsymbolized: number;
  guessed: number;
  /** Times each stack was met. */
  readonly stacks: Map<StackId | typeof NONE, number>;
}

/**
 * A window as a profile of time on CPU, in nanoseconds: a sample stands for 1e9 / rate of them. One
 * series a label set, with its quality; the host's lost samples are shared out among the series by
 * what each took, in whole numbers.
 */
export function windowProfile(
  window: SampleWindow,
  names: NamedFrames,
  origin: Origin,
  labelsOfContainer: LabelsOfContainer = () => [],
): Profile {
  const { stacks, startMs } = window;
  const builder = createProfileBuilder();
  const rowsOf = createFrameRows(window, names, builder);
  const periodNs = 1e9 / window.rateHz;
  const kernel = kernelProcesses(window);
  const seriesOf = window.processes.map((process, row) =>
    builder.series(
      seriesLabels(process, kernel.has(row), origin, labelsOfContainer),
      CPU,
      periodNs,
    ),
  );
  const sums = createSums();
  for (let row = 0; row < stacks.length; row++) {
    const series = seriesOf[stacks.process[row] ?? -1];
    if (series === undefined) continue;
    const added = addStack(window, row, { builder, rowsOf });
    count(sums.of(series), added, stacks.count[row] ?? 0);
  }
  const lost = shareOut(window.lost, sums.taken());
  for (const [index, [series, sum]] of sums.all().entries()) {
    for (const [stack, times] of sum.stacks) {
      builder.sample({ timeMs: startMs, series, stack, value: times * periodNs });
    }
    builder.quality({ ...sum, timeMs: startMs, series, lost: lost[index] ?? 0 });
  }
  return builder.finish(startMs, window.durationNs);
}

interface AddedStack {
  readonly stack: StackId | typeof NONE;
  /** Whether each of its frames has a name. */
  readonly isNamed: boolean;
  readonly isCut: boolean;
  readonly isGuessed: boolean;
}

/** Adds a stack that was met some times. */
function count(
  sum: SeriesSum,
  { stack, isNamed, isCut, isGuessed }: AddedStack,
  times: number,
): void {
  sum.taken += times;
  if (isCut) sum.truncated += times;
  if (!isNamed) sum.unsymbolized += times;
  if (isGuessed) sum.guessed += times;
  sum.stacks.set(stack, (sum.stacks.get(stack) ?? 0) + times);
}

/** The stack of a row, the root first: where it is cut, a frame that says so. */
function addStack(
  window: SampleWindow,
  row: number,
  { builder, rowsOf }: { readonly builder: ProfileBuilder; readonly rowsOf: FrameRowsOf },
): AddedStack {
  const marker = truncationFrame(window, row, builder);
  let stack: StackId | typeof NONE = marker === undefined ? NONE : builder.stack(NONE, marker);
  let isNamed = true;
  const { stacks } = window;
  const leaf = stacks.firstFrame[row] ?? 0;
  for (let at = (stacks.firstFrame[row + 1] ?? 0) - 1; at >= leaf; at--) {
    const frame = rowsOf(at);
    isNamed &&= frame.isNamed;
    for (const id of frame.ids) stack = builder.stack(stack, id);
  }
  const isGuessed = stacks.end[row] === GUESSED;
  return { stack, isNamed, isCut: marker !== undefined, isGuessed };
}

/** Rows of the processes without a file that were never met in user mode. */
function kernelProcesses({ processes, stacks }: SampleWindow): ReadonlySet<number> {
  const rows = new Set<number>();
  for (const [row, { exe }] of processes.entries()) if (exe === '') rows.add(row);
  for (let row = 0; row < stacks.length; row++) {
    if (stacks.end[row] !== NO_USER) rows.delete(stacks.process[row] ?? -1);
  }
  return rows;
}

/** Sums by series: processes of one series meet in the same stacks. */
function createSums() {
  const bySeries = new Map<SeriesId, SeriesSum>();
  return {
    of(series: SeriesId): SeriesSum {
      const known = bySeries.get(series);
      if (known) return known;
      const sum = { taken: 0, truncated: 0, unsymbolized: 0, guessed: 0, stacks: new Map() };
      bySeries.set(series, sum);
      return sum;
    },
    all: () => [...bySeries],
    taken: () => Array.from(bySeries.values(), ({ taken }) => taken),
  };
}
