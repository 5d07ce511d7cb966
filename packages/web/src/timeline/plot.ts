import { formatValue } from '@kube-eagle/profile';
import uPlot from 'uplot';
import type { TimeRange } from '../place/time-range.ts';
import type { StackedSeries } from './stack-series.ts';

/** What a plot of stacked sums shows. */
export interface PlotOf {
  readonly stacked: StackedSeries;
  readonly names: readonly string[];
  readonly unit: string;
  readonly range: TimeRange;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly colours: readonly string[];
  readonly ink: string;
  readonly grid: string;
  readonly onBrush: (range: TimeRange) => void;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A brush narrower than this is a click. */
const MIN_BRUSH_PX = 4;

/** Draws stacked areas into an element; the caller destroys the plot. */
export function createPlot(element: HTMLElement, of: PlotOf): uPlot {
  const axis = {
    stroke: of.ink,
    font: '11px system-ui, sans-serif',
    grid: { stroke: of.grid, width: 1 },
    ticks: { show: false },
  };
  const format = timeFormat(of.range);
  const options: uPlot.Options = {
    width: of.widthPx,
    height: of.heightPx,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: true, range: () => [of.range.fromMs / 1_000, of.range.toMs / 1_000] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: isLong(of.range) ? 100 : 60,
        values: (_plot, splits) => splits.map((timeS) => format.format(timeS * 1_000)),
      },
      {
        ...axis,
        size: 60,
        splits: (_plot, _axis, _min, max) => [0, max / 2, max].map((value) => value / 1.05),
        values: (_plot, splits) => splits.map((value) => formatValue(value, 'count')),
      },
    ],
    series: [{}, ...of.names.map((name, at) => area(name, of.colours[at] ?? of.ink)).reverse()],
    hooks: { setSelect: [(plot) => brushed(plot, of)] },
  };
  // The tallest first: each lower one is painted over it.
  const columns: uPlot.AlignedData = [of.stacked.timeS, ...of.stacked.tops.toReversed()];
  return new uPlot(options, columns, element);
}

const isLong = ({ fromMs, toMs }: TimeRange): boolean => toMs - fromMs > DAY_MS;

/** Hours and minutes, in longer ranges with the day. */
function timeFormat({ fromMs, toMs }: TimeRange): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, {
    ...(isLong({ fromMs, toMs }) && { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(toMs - fromMs < 10 * MINUTE_MS && { second: '2-digit' }),
    hour12: false,
  });
}

function area(label: string, colour: string): uPlot.Series {
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    label,
    stroke: colour,
    fill: colour,
    width: 0,
    points: { show: false },
    ...(stepped && { paths: stepped }),
  };
}

function brushed(plot: uPlot, of: PlotOf): void {
  const { left, width } = plot.select;
  if (width < MIN_BRUSH_PX) return;
  const fromMs = Math.round(plot.posToVal(left, 'x')) * 1_000;
  const toMs = Math.max(fromMs + 1_000, Math.round(plot.posToVal(left + width, 'x')) * 1_000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  of.onBrush({ fromMs, toMs });
}
