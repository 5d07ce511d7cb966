import { openElf } from './elf/open-elf.ts';
import { readInside } from './proc/inside.ts';
import type { CodeMapping } from './proc/maps.ts';
import { findCPython, readCPythonFile } from './runtimes/cpython/find-cpython.ts';
import { openProcessMemory } from './runtimes/cpython/process-memory.ts';
import { createPerfMap, perfMapPlace } from './runtimes/perf-map.ts';
import {
  type Runtime,
  type RuntimeName,
  runtimeOf,
  runtimeVersion,
} from './runtimes/runtime-of.ts';
import { biasOf } from './sampler/address-space.ts';
import { generatedCode } from './sampler/generated-code.ts';
import { whyNotAsked, whyUnnamed } from './symbols/jit-reason.ts';

/** How frames in code of one kind are found and named. */
export interface ExplainedCode {
  /** Path in the process's mount namespace; `generated code` or `Python code` where there is none. */
  readonly path: string;
  /** Empty where there is none. */
  readonly buildId: string;
  /** How the callers of its frames are found, in words. */
  readonly unwinder: string;
  /** Where names come from, or why there are none. */
  readonly names: string;
  /** What is missing, and how to mend it. */
  readonly advice: readonly string[];
}

/** A process as its runtime is told by. */
export interface RunningCode {
  readonly pid: number;
  readonly mappings: readonly CodeMapping[];
}

/** Memory that is shared, of which PHP and .NET have their code. */
const SHARED = /^\/(?:memfd:|dev\/zero$|SYSV)/;

/** Whether code in a mapping was made by the process itself. */
export const isGenerated = ({ path, inode }: CodeMapping): boolean =>
  SHARED.test(path) || (inode === 0 && path !== '[vdso]');

/** How the code that a process generates is walked and named; `attachToJvms` as the agent would. */
export async function explainGenerated(
  { pid, mappings }: RunningCode,
  attachToJvms: boolean,
): Promise<ExplainedCode> {
  const runtime = runtimeOf(mappings);
  const version = runtime ? runtimeVersion(pid, mappings, runtime) : '';
  const names = await namesOfGenerated(pid, { runtime, version, attachToJvms });
  const { unwinder, host } = generatedCode(pid, mappings);
  const words = {
    'frame pointer': 'frame pointers',
    'host frame': `the frame of ${fileName(mappings[host]?.path ?? '')}`,
    'own stack': 'frame pointers of own stacks',
    none: 'nothing: stacks are cut',
    guess: 'frame pointers, if it keeps them',
  };
  return {
    path: ['generated code', runtime && `of ${runtime.name} ${version}`].join(' ').trim(),
    buildId: '',
    unwinder: words[unwinder],
    names: names.text,
    advice: [
      unwinder === 'none' || unwinder === 'guess' ? runtime && FRAMING[runtime.name] : undefined,
      names.isKnown ? undefined : ((runtime && NAMING[runtime.name]) ?? ANY_NAMING),
    ].filter((each) => each !== undefined),
  };
}

interface Names {
  readonly text: string;
  readonly isKnown: boolean;
}

async function namesOfGenerated(
  pid: number,
  of: {
    readonly runtime: Runtime | undefined;
    readonly version: string;
    readonly attachToJvms: boolean;
  },
): Promise<Names> {
  await using map = createPerfMap();
  await map.refresh(await perfMapPlace(pid));
  if (map.state === 'read') return { text: `perf map, ${map.length} names`, isKnown: true };
  const isJvm = of.runtime?.name === 'java';
  const hindrance = isJvm ? await whyNoAttach(pid, of.version, of.attachToJvms) : '';
  if (isJvm && hindrance === '') return { text: 'the JVM, asked by attaching', isKnown: true };
  return { text: whyUnnamed(map.state, hindrance), isKnown: false };
}

async function whyNoAttach(pid: number, version: string, attachToJvms: boolean): Promise<string> {
  const why = whyNotAsked(version, attachToJvms);
  if (why !== '') return why;
  return (await readInside(pid))?.catchesQuit ? '' : 'attaching refused';
}

/** What makes a runtime's generated code keep frame pointers. */
const FRAMING: Readonly<Partial<Record<RuntimeName, string>>> = {
  java: 'start the JVM with -XX:+PreserveFramePointer, so that its code keeps frame pointers',
  erlang: 'start Erlang with +JPperf true, so that its code keeps frame pointers',
};

/** What makes a runtime name its generated code. */
const NAMING: Readonly<Partial<Record<RuntimeName, string>>> = {
  node: 'start node with --perf-basic-prof, so that it names the code that it generates',
  java: 'let the agent attach to the JVM, from JDK 17 on, so that it names the code that it generates',
  dotnet: 'set DOTNET_PerfMapEnabled=1, so that it names the code that it generates',
  erlang: 'start Erlang with +JPperf true, so that it names the code that it generates',
  php: 'start PHP with -d opcache.jit_debug=16, so that it names the code that it generates',
};
const ANY_NAMING = 'generated code has no names: have its runtime write a perf map';

/** How Python functions are walked and named; `undefined` where no CPython is mapped. */
export function explainPython({ pid, mappings }: RunningCode): ExplainedCode | undefined {
  for (const mapping of mappings) {
    const openPath = mapFile(pid, mapping);
    const file = readCPythonFile({ path: mapping.path, openPath, buildId: '' });
    if (!file) continue;
    using elf = openElf(openPath).value;
    const bias = elf && biasOf(elf.elf.segments, mapping);
    using memory = openProcessMemory(pid);
    const python = memory && bias !== undefined && findCPython(file, bias, memory);
    const row = { path: `Python code in ${fileName(mapping.path)}`, buildId: '' };
    if (!python) {
      return {
        ...row,
        unwinder: 'nothing',
        names: 'nothing',
        advice: ['Python is walked for CPython 3.8 to 3.14, not for free-threaded builds: use one'],
      };
    }
    return {
      ...row,
      unwinder: `frames of CPython 3.${python.layout.minor}`,
      names: 'code objects',
      advice: [],
    };
  }
  return undefined;
}

/** The kernel's own link to what a mapping maps. */
export const mapFile = (pid: number, { start, end }: CodeMapping): string =>
  `/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`;

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
