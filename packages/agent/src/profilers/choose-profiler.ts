import type { ProfiledProcess } from './profiled-process.ts';
import {
  type Ask,
  type Profiler,
  type Refusal,
  type ResourceClass,
  unable,
  type Verdict,
} from './profiler.ts';

/** The word for "by language and event". */
export const AUTO = 'auto';

/** The profiler of a process, or why it gets none. */
export type Choice =
  | {
      readonly kind: 'chosen';
      readonly profiler: Profiler;
      /** Why it, and how it works. */
      readonly why: string;
      readonly holds: ResourceClass | undefined;
    }
  | ({ readonly kind: 'none' } & Refusal);

/** The profiler meant where none is named: what touches nothing, if it can do it at all. */
export function profilerName({ event }: Ask, asked: string): string {
  if (asked !== '') return asked;
  return event === 'cpu' ? 'ebpf' : AUTO;
}

/**
 * The profiler of that name, or for `auto` the first of the list that can do what is asked; those before
 * it that are meant for such a process but cannot are told.
 */
export async function chooseProfiler(
  process: ProfiledProcess,
  ask: Ask,
  { name, profilers }: { readonly name: string; readonly profilers: readonly Profiler[] },
): Promise<Choice> {
  const obstacles: Refusal[] = [];
  const tried = name === AUTO ? profilers : profilers.filter((each) => each.name === name);
  for (const profiler of tried) {
    const verdict = await verdictOf(profiler, process, ask);
    if (verdict.kind === 'able') {
      const choice =
        name === AUTO ? `${profiler.name} for ${ask.event} of ${process.language}` : '';
      const why = [choice, verdict.how, ...obstacles.map(({ message }) => message)];
      const text = why.filter((each) => each !== '').join('; ');
      return { kind: 'chosen', profiler, why: text, holds: verdict.holds };
    }
    if (name !== AUTO || verdict.reason !== 'profiler_unfit') obstacles.push(verdict);
  }
  const [first] = obstacles;
  if (first) return { kind: 'none', reason: first.reason, message: first.message };
  const names = profilers.map((each) => each.name).join(', ');
  return {
    kind: 'none',
    reason: 'profiler_unfit',
    message: `none of ${names} takes ${ask.event} of ${process.language}, as process ${process.pid} is`,
  };
}

/** Whether a profiler can do what is asked, if it is meant for such a thing at all. */
export async function verdictOf(
  profiler: Profiler,
  process: ProfiledProcess,
  ask: Ask,
): Promise<Verdict> {
  const { name, kind, events } = profiler;
  if (kind === 'process' && profiler.language !== process.language) {
    return unable(
      'profiler_unfit',
      `${name} is for ${profiler.language}, process ${process.pid} is ${process.language}`,
    );
  }
  if (!events.includes(ask.event)) {
    return unable('profiler_unfit', `${name} takes ${events.join(', ')}, got ${ask.event}`);
  }
  return kind === 'process'
    ? await profiler.probe(process, ask)
    : { kind: 'able', how: profiler.how };
}
