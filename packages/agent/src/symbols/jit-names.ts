import { lstat, readFile } from 'node:fs/promises';
import type { FrameKind } from '@kube-eagle/profile';
import { readInside } from '../proc/inside.ts';
import { runInJvm } from '../runtimes/jvm-attach.ts';
import { openPerfMap, type PerfMap } from '../runtimes/perf-map.ts';
import { ADDRESS_SPACES, type Process, type SampleWindow } from '../sampler/sampler.ts';

/** Names for code that runtimes generate, which lies in no file. */
export interface JitNames extends AsyncDisposable {
  /** Names by row of the window's frames; rows that have none are absent. */
  name(window: SampleWindow, signal: AbortSignal): Promise<ReadonlyMap<number, JitName>>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface JitName {
  readonly text: string;
  readonly kind: FrameKind;
}

export interface JitNamesOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether JVMs are asked for names through their attach listener, which is a signal to them. */
  readonly attachToJvms: boolean;
}

/** Processes whose maps are open at once. */
const MAX_PROCESSES = 128;
/** A JVM's names are asked for again after so long, if its code still runs. */
const JVM_AGAIN_MS = 60_000;
/** The same of a JVM that did not give any. */
const JVM_REFUSED_MS = 600_000;
const ANONYMOUS = ADDRESS_SPACES.indexOf('anonymous');

/** What is known of one process. */
interface Known {
  readonly isJvm: boolean;
  map: PerfMap | undefined;
  /** What the last dump of a JVM said, for code that has moved since. */
  older: PerfMap | undefined;
  askAtMs: number;
}

/** Names from perf maps, which JVMs from 17 on are asked to write. */
export function createJitNames({ now, attachToJvms }: JitNamesOptions): JitNames {
  /** The least recently met first. */
  const processes = new Map<string, Known>();
  const counters = { jitNamed: 0, jitUnnamed: 0, jvmDumps: 0, jvmRefused: 0, jitForgotten: 0 };

  async function knownOf(process: Process): Promise<Known> {
    const key = `${process.pid} ${process.startTicks}`;
    const known = processes.get(key) ?? {
      isJvm: await isJvm(process.pid),
      map: undefined,
      older: undefined,
      askAtMs: 0,
    };
    processes.delete(key);
    processes.set(key, known);
    if (processes.size > MAX_PROCESSES) {
      const [oldest, forgotten] = processes.entries().next().value ?? [];
      if (oldest !== undefined) processes.delete(oldest);
      await forgotten?.map?.[Symbol.asyncDispose]();
      await forgotten?.older?.[Symbol.asyncDispose]();
      counters.jitForgotten++;
    }
    return known;
  }

  async function refresh(process: Process, known: Known, signal: AbortSignal): Promise<void> {
    if (known.isJvm && attachToJvms && now() >= known.askAtMs) await dump(process, known, signal);
    else if (!known.isJvm) known.map ??= await openMapOf(process.pid);
    await known.map?.refresh();
  }

  async function dump({ pid }: Process, known: Known, signal: AbortSignal): Promise<void> {
    const outcome = await runInJvm({ pid }, ['jcmd', 'Compiler.perfmap'], signal);
    const isDone = outcome.kind === 'answered' && outcome.status === 0;
    counters[isDone ? 'jvmDumps' : 'jvmRefused']++;
    known.askAtMs = now() + (isDone ? JVM_AGAIN_MS : JVM_REFUSED_MS);
    const map = isDone ? await openMapOf(pid) : undefined;
    if (!map) return;
    await known.older?.[Symbol.asyncDispose]();
    known.older = known.map;
    known.map = map;
  }

  return {
    counters,
    async name(window, signal) {
      const named = new Map<number, JitName>();
      for (const [process, rows] of anonymousRows(window)) {
        const known = await knownOf(process);
        await refresh(process, known, signal).catch(() => undefined);
        for (const row of rows) {
          const name = nameOf(known, window.frames.address[row] ?? 0);
          if (name) named.set(row, name);
          counters[name ? 'jitNamed' : 'jitUnnamed']++;
        }
      }
      return named;
    },
    async [Symbol.asyncDispose]() {
      for (const { map, older } of processes.values()) {
        await map?.[Symbol.asyncDispose]();
        await older?.[Symbol.asyncDispose]();
      }
      processes.clear();
    },
  };
}

/** Rows of frames in generated code, by process. */
function anonymousRows({
  processes,
  stacks,
  frames,
}: SampleWindow): ReadonlyMap<Process, readonly number[]> {
  const rows = new Map<Process, number[]>();
  for (let stack = 0; stack < stacks.length; stack++) {
    const process = processes[stacks.process[stack] ?? -1];
    if (!process) continue;
    const end = stacks.firstFrame[stack + 1] ?? 0;
    for (let row = stacks.firstFrame[stack] ?? 0; row < end; row++) {
      if (frames.space[row] !== ANONYMOUS) continue;
      const ofProcess = rows.get(process) ?? [];
      ofProcess.push(row);
      rows.set(process, ofProcess);
    }
  }
  return rows;
}

function nameOf({ map, older, isJvm }: Known, address: number): JitName | undefined {
  const text = map?.ranges.find(address) ?? older?.ranges.find(address);
  if (text === undefined) return undefined;
  // V8 says what it is and, by a sign, how far it was optimised.
  const [, script] = /^(?:JS|Function|LazyCompile|Script|Eval):[~^+*']*(.*)$/.exec(text) ?? [];
  if (script !== undefined) return { text: script || '(anonymous)', kind: 'v8js' };
  return { text, kind: isJvm ? 'jvm' : 'unknown' };
}

async function isJvm(pid: number): Promise<boolean> {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1').catch(() => '');
  return maps.includes('/libjvm.so');
}

/** The map that a process wrote, where its own /tmp is. */
async function openMapOf(pid: number): Promise<PerfMap | undefined> {
  const inside = await readInside(pid);
  const folder = `/proc/${pid}/root/tmp`;
  // A link could lead out of the container.
  const status = await lstat(folder).catch(() => undefined);
  if (!inside || !status?.isDirectory()) return undefined;
  return openPerfMap({ path: `${folder}/perf-${inside.pid}.map`, userId: inside.userId });
}
