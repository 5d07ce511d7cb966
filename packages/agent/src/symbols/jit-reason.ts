import type { AttachOutcome } from '../runtimes/jvm-attach.ts';
import type { PerfMapState } from '../runtimes/perf-map.ts';

/** JDK that brought `Compiler.perfmap` (JDK-8254723). */
const FIRST_JVM = 17;

/** Why nothing was read of a process that was met too late. */
export const ENDED = 'ended before it was read';

/** What a frame of generated code is called that has no name: `[jit: node 20, no perf map]`. */
export function jitReason(runtime: string, why: string): string {
  return `[jit: ${runtime === '' ? why : `${runtime}, ${why}`}]`;
}

/** Why a JVM of a version is not asked for names; empty where it is. One of an unknown version is. */
export function whyNotAsked(version: string, attachToJvms: boolean): string {
  if (version !== '' && Number(version) < FIRST_JVM) return `names only from ${FIRST_JVM} on`;
  return attachToJvms ? '' : 'attaching is off';
}

/** Why a JVM that was asked gave no names; empty where it did. */
export function whyRefused(outcome: AttachOutcome): string {
  if (outcome.kind === 'refused') return 'attaching refused';
  return outcome.status === 0 ? '' : 'has no Compiler.perfmap';
}

/** Why an address has no name; `hindrance` is what kept a map from being written or read, or empty. */
export function whyUnnamed(state: PerfMapState, hindrance: string): string {
  if (state === 'read') return 'not in its perf map';
  if (hindrance !== '') return hindrance;
  return state === 'missing' ? 'no perf map' : `perf map ${state}`;
}
