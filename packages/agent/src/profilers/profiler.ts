import type { EventName, Reason } from '@kube-eagle/api';
import type { Profile } from '@kube-eagle/profile';
import type { Language } from '../runtimes/detect-language.ts';
import type { OpenedSampler } from '../sampler/open-sampler.ts';
import type { SampleRequest } from '../sampler/sampler.ts';
import type { ProfiledProcess } from './profiled-process.ts';

/** What is wanted of a profiler. */
export interface Ask {
  readonly event: EventName;
  /** Samples a second. */
  readonly rateHz: number;
  readonly durationMs: number;
  /** Frames of native code too, where the profiler leaves them out unless asked. */
  readonly nativeFrames: boolean;
}

/** What only one profiler at a time may use of a process. */
export type ResourceClass = 'jvm_agent' | 'ptrace' | 'pprof_endpoint';

/** Why something cannot be done, or was not. */
export interface Refusal {
  readonly reason: Reason;
  /** What was expected, what came, what to do. */
  readonly message: string;
}

/** Whether a profiler can do what is asked of it. */
export type Verdict =
  | {
      readonly kind: 'able';
      /** How it works, and what it changes of what was asked. */
      readonly how: string;
      /** Absent: any number of profilers may do it at once. */
      readonly holds?: ResourceClass;
    }
  | ({ readonly kind: 'unable' } & Refusal);

/** What came of one stretch of time. */
export type Collected =
  | {
      readonly kind: 'taken';
      /** One series, without labels. */
      readonly profile: Profile;
      readonly samples: number;
      /** What is to be known of the result; empty while all is well. */
      readonly note: string;
    }
  | ({ readonly kind: 'failed' } & Refusal);

/** A profiler that is let loose on one process. */
export interface ProcessProfiler {
  readonly kind: 'process';
  /** What users ask for it by, and the label of its series. */
  readonly name: string;
  readonly language: Language;
  readonly events: readonly EventName[];
  /** Longest stretch that is worth losing when the process dies in it. */
  readonly stretchMs: number;
  /** Looks at a process of its language, for one of its events, and changes nothing. */
  probe(process: ProfiledProcess, ask: Ask): Promise<Verdict>;
  /**
   * Profiles for `ask.durationMs`; gives what it has earlier when `signal` aborts or the process ends,
   * and leaves nothing of itself at work. Throws nothing.
   */
  collect(process: ProfiledProcess, ask: Ask, signal: AbortSignal): Promise<Collected>;
}

/** A profiler that takes any set of processes at once, and what starts in them meanwhile. */
export interface WideProfiler {
  readonly kind: 'wide';
  readonly name: string;
  readonly events: readonly EventName[];
  /** How it works. */
  readonly how: string;
  /** Throws where it cannot sample. */
  open(request: SampleRequest): Promise<OpenedSampler>;
}

/** A way to profile: a driver is one file, and one line in the list in `main.ts`. */
export type Profiler = ProcessProfiler | WideProfiler;

export const unable = (reason: Reason, message: string): Verdict => ({
  kind: 'unable',
  reason,
  message,
});

export const failed = (reason: Reason, message: string): Collected => ({
  kind: 'failed',
  reason,
  message,
});
