import type { CodeMapping } from '../proc/maps.ts';
import { readArguments } from '../proc/process.ts';
import { runtimeOf } from '../runtimes/runtime-of.ts';

/** How the callers of code are found that a process generates: `enum generated` of bpf/layout.h. */
export type Unwinder = 'frame pointer' | 'host frame' | 'own stack' | 'none' | 'guess';

export interface GeneratedCode {
  readonly unwinder: Unwinder;
  /** Row of the mapping whose frame the code runs on; 0 for other unwinders. */
  readonly host: number;
}

/**
 * How the stacks of a process go on below its generated code. V8, .NET and HotSpot (if asked to) keep
 * frame pointers there; the code of LuaJIT and PHP is jumped to by their interpreters and runs on
 * these' frames; Erlang's has stacks of its own, with frame pointers only if it is told to. Of any other
 * code it is a guess that it keeps them.
 */
export function generatedCode(pid: number, mappings: readonly CodeMapping[]): GeneratedCode {
  const runtime = runtimeOf(mappings);
  switch (runtime?.name) {
    case 'luajit':
    case 'php':
      return { unwinder: 'host frame', host: runtime.mapping };
    case 'erlang':
      return { unwinder: keepsErlangFrames(pid) ? 'own stack' : 'none', host: 0 };
    case 'node':
    case 'dotnet':
      return { unwinder: 'frame pointer', host: 0 };
    case 'java':
      return { unwinder: keepsJavaFrames(pid) ? 'frame pointer' : 'guess', host: 0 };
    default:
      return { unwinder: 'guess', host: 0 };
  }
}

/** Of options that come another way, such as by `JAVA_TOOL_OPTIONS`, nothing is known. */
function keepsJavaFrames(pid: number): boolean {
  return readArguments(pid).includes('-XX:+PreserveFramePointer');
}

/** `erl` hands the emulator its options first, wherever they came from. */
function keepsErlangFrames(pid: number): boolean {
  const options = readArguments(pid);
  const value = options[options.lastIndexOf('-JPperf') + 1];
  return options.includes('-JPperf') && (value === 'true' || value === 'fp');
}
