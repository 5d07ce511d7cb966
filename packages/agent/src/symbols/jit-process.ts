import type { FrameKind } from '@kube-eagle/profile';
import { parseMaps } from '../proc/maps.ts';
import { readProcFile, readStat } from '../proc/process.ts';
import { runInJvm } from '../runtimes/jvm-attach.ts';
import { createPerfMap, type PerfMapCounters, perfMapPlace } from '../runtimes/perf-map.ts';
import { RUNTIMES, type RuntimeName, runtimeOf, runtimeVersion } from '../runtimes/runtime-of.ts';
import type { Process } from '../sampler/sampler.ts';
import { ENDED, jitReason, whyNotAsked, whyRefused, whyUnnamed } from './jit-reason.ts';
import type { NamedFunction } from './named-frames.ts';

/** How often names of generated code were got, or not. */
export interface JitCounters extends PerfMapCounters {
  jvmDumps: number;
  jvmRefused: number;
}

export interface JitProcessOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether JVMs are asked for names through their attach listener, which is a signal to them. */
  readonly attachToJvms: boolean;
  readonly counters: JitCounters;
}

/** What is known of the code that one process generates. */
export interface JitProcess extends AsyncDisposable {
  /** Reads what its runtime has written since the last time; has a JVM write it. */
  refresh(signal: AbortSignal): Promise<void>;
  /** The function at an address, else a frame that says why it has no name. */
  at(address: number): NamedFunction;
}

/** A JVM's names are asked for again after so long, if its code still runs. */
const JVM_AGAIN_MS = 60_000;
/** The same of a JVM that did not give any. */
const JVM_REFUSED_MS = 600_000;

/** A process of which nothing is read yet but what runs it. */
export function createJitProcess(process: Process, options: JitProcessOptions): JitProcess {
  const { now, attachToJvms, counters } = options;
  const { name, version, kind } = runtimeIn(process);
  const map = createPerfMap(counters);
  let isThere = false;
  /** Why a JVM gave no names; empty where it did, or is none. */
  let refusal = name === 'java' ? whyNotAsked(version, attachToJvms) : '';
  let askAtMs = name === 'java' && refusal === '' ? 0 : Number.POSITIVE_INFINITY;

  async function ask(signal: AbortSignal): Promise<void> {
    const outcome = await runInJvm(process, ['jcmd', 'Compiler.perfmap'], signal);
    const isDone = outcome.kind === 'answered' && outcome.status === 0;
    counters[isDone ? 'jvmDumps' : 'jvmRefused']++;
    askAtMs = now() + (isDone ? JVM_AGAIN_MS : JVM_REFUSED_MS);
    refusal = whyRefused(outcome);
    if (isDone) map.restart();
  }

  return {
    async refresh(signal) {
      isThere = isRunning(process);
      if (isThere && now() >= askAtMs) await ask(signal);
      await map.refresh(isThere ? await perfMapPlace(process.pid) : undefined);
    },
    at(address) {
      const text = map.find(address);
      if (text !== undefined) return functionOf(text, kind);
      const why = whyUnnamed(map.state, refusal || (isThere ? '' : ENDED));
      return { text: jitReason(`${name} ${version}`.trim(), why), kind, isReason: true };
    },
    [Symbol.asyncDispose]: () => map[Symbol.asyncDispose](),
  };
}

const isRunning = ({ pid, startTicks }: Process): boolean =>
  readStat(pid)?.startTicks === startTicks;

interface RuntimeHere {
  readonly name: RuntimeName | '';
  readonly version: string;
  readonly kind: FrameKind;
}

function runtimeIn({ pid }: Process): RuntimeHere {
  const { value: mappings } = parseMaps(readProcFile(`/proc/${pid}/maps`) ?? '');
  const runtime = runtimeOf(mappings);
  if (!runtime) return { name: '', version: '', kind: 'unknown' };
  const version = runtimeVersion(pid, mappings, runtime);
  return { name: runtime.name, version, kind: RUNTIMES[runtime.name].kind };
}

function functionOf(text: string, kind: FrameKind): NamedFunction {
  // V8 says what it is and, by a sign, how far it was optimised.
  const [, script] = /^(?:JS|Function|LazyCompile|Script|Eval):[~^+*']*(.*)$/.exec(text) ?? [];
  return script === undefined ? { text, kind } : { text: script || '(anonymous)', kind: 'v8js' };
}
