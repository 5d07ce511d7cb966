import { NO_PERF_MAPS } from '../runtimes/perf-map.ts';
import { ADDRESS_SPACES, type Process, type SampleWindow } from '../sampler/sampler.ts';
import { createJitProcess, type JitProcess, type JitProcessOptions } from './jit-process.ts';
import type { NamedFunction } from './named-frames.ts';

/** Names for code that runtimes generate, which lies in no file. */
export interface JitNames extends AsyncDisposable {
  /** By row of the window's frames: the function, or why it is not known. */
  name(window: SampleWindow, signal: AbortSignal): Promise<ReadonlyMap<number, NamedFunction>>;
  readonly counters: Readonly<Record<string, number>>;
}

/** Processes whose maps are open at once. */
const MAX_PROCESSES = 128;
const ANONYMOUS = ADDRESS_SPACES.indexOf('anonymous');

/** Names from perf maps, which JVMs from 17 on are asked to write. */
export function createJitNames(options: Omit<JitProcessOptions, 'counters'>): JitNames {
  /** The least recently met first. */
  const processes = new Map<string, JitProcess>();
  const counters = {
    jitNamed: 0,
    jitUnnamed: 0,
    jitForgotten: 0,
    jvmDumps: 0,
    jvmRefused: 0,
    ...NO_PERF_MAPS,
  };

  async function known(process: Process): Promise<JitProcess> {
    // A pid that was used again and a program that became another are others.
    const key = `${process.pid} ${process.startTicks} ${process.exe}`;
    const jit = processes.get(key) ?? createJitProcess(process, { ...options, counters });
    processes.delete(key);
    processes.set(key, jit);
    if (processes.size > MAX_PROCESSES) {
      const [oldest, forgotten] = processes.entries().next().value ?? [];
      if (oldest !== undefined) processes.delete(oldest);
      await forgotten?.[Symbol.asyncDispose]();
      counters.jitForgotten++;
    }
    return jit;
  }

  return {
    counters,
    async name(window, signal) {
      const named = new Map<number, NamedFunction>();
      for (const [process, rows] of anonymousRows(window)) {
        const jit = await known(process);
        await jit.refresh(signal).catch(() => undefined);
        for (const row of rows) {
          const name = jit.at(window.frames.address[row] ?? 0);
          named.set(row, name);
          counters[name.isReason ? 'jitUnnamed' : 'jitNamed']++;
        }
      }
      return named;
    },
    async [Symbol.asyncDispose]() {
      for (const jit of processes.values()) await jit[Symbol.asyncDispose]();
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
