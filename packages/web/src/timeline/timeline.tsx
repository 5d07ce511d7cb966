import type { TimelineResponse } from '@kube-eagle/api';
import { formatValue, parseProfileTypeId } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useSize } from '../flame/use-size.ts';
import { elsewhere, type Place } from '../place/place.ts';
import { withLabel } from '../place/selector-label.ts';
import { type TimeRange, timeText } from '../place/time-range.ts';
import { createPlot } from './plot.ts';
import { seriesColours } from './series-colour.ts';
import { axisUnit, stackSeries } from './stack-series.ts';

interface TimelineProps {
  readonly timeline: TimelineResponse;
  readonly profileType: string;
  readonly range: TimeRange;
  readonly place: Place;
  readonly theme: 'light' | 'dark';
  readonly go: (change: Partial<Place>) => void;
}

/** Sums over time, one area a group. A drag over it chooses a time, a click on a name a group. */
export function Timeline(props: TimelineProps): JSX.Element {
  const { timeline, profileType, range, place, theme, go } = props;
  const element = useRef<HTMLDivElement>(null);
  const { widthPx, heightPx } = useSize(element);
  const unit = axisUnit(parseProfileTypeId(profileType)?.sampleUnit ?? '', timeline.stepMs);
  const groups = useMemo(() => groupsOf(timeline, place.groupBy), [timeline, place.groupBy]);
  const { areas, ink, grid } = seriesColours(theme);

  useEffect(() => {
    if (element.current === null || widthPx === 0) return undefined;
    const values = groups.map((group) => group.values);
    const plot = createPlot(element.current, {
      stacked: stackSeries(timeline.startMs, timeline.stepMs, values, unit.scale),
      names: groups.map(({ name }) => name),
      unit: unit.name,
      range,
      widthPx,
      heightPx,
      colours: areas,
      ink,
      grid,
      onBrush: ({ fromMs, toMs }) => go(elsewhere({ from: timeText(fromMs), to: timeText(toMs) })),
    });
    return () => plot.destroy();
  }, [groups, range, widthPx, heightPx, theme]);

  return (
    <>
      <div class="plot" ref={element} />
      <ul class="legend" aria-label={`Groups by ${place.groupBy || 'none'}`}>
        {groups.map(({ name, value, sum }, at) => (
          <li key={name}>
            <button
              type="button"
              disabled={value === undefined}
              title={value === undefined ? name : `Only ${place.groupBy} ${name}`}
              onClick={() =>
                go(elsewhere({ selector: withLabel(place.selector, place.groupBy, value) }))
              }
            >
              <svg width="10" height="10" aria-hidden="true">
                <rect width="10" height="10" rx="2" fill={areas[at] ?? ink} />
              </svg>
              <span class="legend-name">{name}</span>
              <span class="legend-value">
                {formatValue(
                  (sum * unit.scale) / Math.max(1, timeline.series[0]?.values.length ?? 1),
                  unit.name,
                )}
              </span>
            </button>
          </li>
        ))}
        {timeline.leftOut > 0 && <li class="hint">{timeline.leftOut} more</li>}
      </ul>
    </>
  );
}

interface Group {
  readonly name: string;
  /** Value of the label; `undefined` where the group has none. */
  readonly value: string | undefined;
  readonly values: readonly number[];
  readonly sum: number;
}

function groupsOf(timeline: TimelineResponse, groupBy: string): Group[] {
  return timeline.series.map(({ labels, values }) => {
    const value = labels[groupBy] || undefined;
    return {
      name: value ?? (groupBy === '' ? 'all' : `no ${groupBy}`),
      value,
      values,
      sum: values.reduce((sum, one) => sum + one, 0),
    };
  });
}
