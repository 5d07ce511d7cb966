import { CPU, type ProfileType } from '@kube-eagle/profile';

/** What a task can ask for. */
export const EVENT_NAMES = ['cpu', 'wall', 'alloc', 'heap', 'lock', 'block'] as const;

export type EventName = (typeof EVENT_NAMES)[number];

/** What a profile of an event is. */
export interface EventInfo {
  readonly meaning: string;
  /** What the results of every profiler are stored as. */
  readonly type: ProfileType;
}

const memory = (sampleType: string): ProfileType => ({
  name: 'memory',
  sampleType,
  sampleUnit: 'bytes',
  periodType: 'space',
  periodUnit: 'bytes',
});

const waiting = (name: string): ProfileType => ({
  name,
  sampleType: 'delay',
  sampleUnit: 'nanoseconds',
  periodType: 'contentions',
  periodUnit: 'count',
});

/** The events. The types' ids are Pyroscope's for Go programs. */
export const EVENTS: Readonly<Record<EventName, EventInfo>> = {
  cpu: { meaning: 'time on CPU', type: CPU },
  wall: {
    meaning: 'time, on CPU or not',
    type: {
      name: 'wall',
      sampleType: 'wall',
      sampleUnit: 'nanoseconds',
      periodType: 'wall',
      periodUnit: 'nanoseconds',
    },
  },
  alloc: { meaning: 'memory allocated in the time', type: memory('alloc_space') },
  heap: { meaning: 'memory in use', type: memory('inuse_space') },
  lock: { meaning: 'time spent waiting for locks', type: waiting('mutex') },
  block: { meaning: 'time spent waiting for locks and channels', type: waiting('block') },
};

/** Whether a word names an event. */
export function isEventName(word: string): word is EventName {
  return (EVENT_NAMES as readonly string[]).includes(word);
}
