import type { EventName } from '@kube-eagle/api';
import type { Language } from '../runtimes/detect-language.ts';
import type { ProfiledProcess } from './profiled-process.ts';
import { type Ask, unable, type Verdict } from './profiler.ts';

/** What a profiler is for. */
export interface Purpose {
  readonly name: string;
  readonly language: Language;
  readonly events: readonly EventName[];
}

/** Why a process or an event is not what a profiler is for; `undefined` where they are. */
export function unfit(
  { name, language, events }: Purpose,
  process: ProfiledProcess,
  { event }: Ask,
): Verdict | undefined {
  if (process.language !== language) {
    return unable(
      'profiler_unfit',
      `${name} is for ${language}, process ${process.pid} is ${process.language}`,
    );
  }
  if (events.includes(event)) return undefined;
  return unable(
    'profiler_unfit',
    `${name} takes ${events.join(', ')} of ${language}, got ${event}`,
  );
}
