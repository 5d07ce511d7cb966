import {
  CPU,
  createProfileBuilder,
  NONE,
  type Profile,
  type ProfileBuilder,
  type SeriesId,
  type StackId,
} from '@kube-eagle/profile';
import { type SampleWindow, STACK_ENDS } from '../sampler/sampler.ts';
import type { NamedFrames } from '../symbols/symbolizer.ts';
import { createFrameRows, type FrameRows } from './frame-rows.ts';
import { type Origin, seriesLabels } from './series-labels.ts';
import { shareOut } from './share-out.ts';

const COMPLETE = STACK_ENDS.indexOf('complete');
const NO_USER = STACK_ENDS.indexOf('no_user');

interface SeriesSum {
  taken: number;
  truncated: number;
  unsymbolized: number;
}

/**
 * A window as a profile of time on CPU, in nanoseconds: a sample stands for 1e9 / rate of them. One
 * series a label set, with its quality; the host's lost samples are shared out among the series by
 * what each took, in whole numbers.
 */
export function windowProfile(window: SampleWindow, names: NamedFrames, origin: Origin): Profile {
  const { stacks, startMs } = window;
  const builder = createProfileBuilder();
  const rowsOf = createFrameRows(window, names, builder);
  const periodNs = 1e9 / window.rateHz;
  const kernel = kernelProcesses(window);
  const seriesOf = window.processes.map((process, row) =>
    builder.series(seriesLabels(process, kernel.has(row), origin), CPU, periodNs),
  );
  const sums = new Map<SeriesId, SeriesSum>();
  const values = createValues();
  for (let row = 0; row < stacks.length; row++) {
    const series = seriesOf[stacks.process[row] ?? -1];
    if (series === undefined) continue;
    const count = stacks.count[row] ?? 0;
    const { stack, isNamed } = buildStack(window, row, rowsOf, builder);
    values.add(series, stack, count * periodNs);
    const sum = sums.get(series) ?? { taken: 0, truncated: 0, unsymbolized: 0 };
    sums.set(series, sum);
    sum.taken += count;
    if (isCut(stacks.end[row])) sum.truncated += count;
    if (!isNamed) sum.unsymbolized += count;
  }
  for (const [series, ofStacks] of values.bySeries) {
    for (const [stack, value] of ofStacks) {
      builder.sample({ timeMs: startMs, series, stack, value });
    }
  }
  const taken = [...sums.values()].map((sum) => sum.taken);
  const lost = shareOut(window.lost, taken);
  for (const [index, [series, sum]] of [...sums].entries()) {
    builder.quality({ timeMs: startMs, series, ...sum, lost: lost[index] ?? 0 });
  }
  return builder.finish(startMs, window.durationNs);
}

/** The stack of a row, root first in the profile's tree, and whether all its frames have names. */
function buildStack(
  { stacks }: SampleWindow,
  row: number,
  rowsOf: (frame: number) => FrameRows,
  builder: ProfileBuilder,
): { readonly stack: StackId | typeof NONE; readonly isNamed: boolean } {
  const leaf = stacks.firstFrame[row] ?? 0;
  let stack: StackId | typeof NONE = NONE;
  let isNamed = true;
  for (let at = (stacks.firstFrame[row + 1] ?? 0) - 1; at >= leaf; at--) {
    const frame = rowsOf(at);
    isNamed &&= frame.isNamed;
    for (const id of frame.ids) stack = builder.stack(stack, id);
  }
  return { stack, isNamed };
}

const isCut = (end = COMPLETE): boolean => end !== COMPLETE && end !== NO_USER;

/** Rows of the processes without a file that were never met in user mode. */
function kernelProcesses({ processes, stacks }: SampleWindow): ReadonlySet<number> {
  const rows = new Set(processes.keys().filter((row) => processes[row]?.exe === ''));
  for (let row = 0; row < stacks.length; row++) {
    if (stacks.end[row] !== NO_USER) rows.delete(stacks.process[row] ?? -1);
  }
  return rows;
}

/** Sums by series and stack: processes of one series meet in the same stacks. */
function createValues() {
  const bySeries = new Map<SeriesId, Map<StackId | typeof NONE, number>>();
  return {
    bySeries,
    add(series: SeriesId, stack: StackId | typeof NONE, value: number): void {
      let ofStacks = bySeries.get(series);
      if (!ofStacks) {
        ofStacks = new Map();
        bySeries.set(series, ofStacks);
      }
      ofStacks.set(stack, (ofStacks.get(stack) ?? 0) + value);
    },
  };
}
