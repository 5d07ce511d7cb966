import { type Profile, type ProfileType, qualityCounts } from '@kube-eagle/profile';

/** What a stretch of profiling is kept as. */
export interface Stretch {
  readonly type: ProfileType;
  /** In the type's period unit; 0 where samples have none. */
  readonly period: number;
  readonly startMs: number;
  readonly durationNs: number;
  readonly taken: number;
  readonly lost: number;
}

/** A profile whose samples are all of one series without labels, in one window, with its quality. */
export function oneSeries(profile: Profile, stretch: Stretch): Profile {
  const { type, period, startMs, durationNs, taken, lost } = stretch;
  const { length, stack, value } = profile.samples;
  return {
    ...profile,
    series: {
      length: 1,
      labels: [[]],
      type: [type],
      period: Float64Array.of(period),
    },
    samples: {
      length,
      stack,
      value,
      timeMs: new Float64Array(length).fill(startMs),
      series: new Int32Array(length),
    },
    quality: {
      length: 1,
      timeMs: Float64Array.of(startMs),
      series: new Int32Array(1),
      ...qualityCounts(() => new Float64Array(1)),
      taken: Float64Array.of(taken),
      lost: Float64Array.of(lost),
    },
    startMs,
    durationNs,
  };
}
