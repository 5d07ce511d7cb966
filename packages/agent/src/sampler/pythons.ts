import { readStat } from '../proc/process.ts';
import { type CodeNames, type CodePlace, createCodeNames } from '../runtimes/cpython/code-names.ts';
import {
  type CPython,
  type CPythonFile,
  findCPython,
  readCPythonFile,
} from '../runtimes/cpython/find-cpython.ts';
import { openProcessMemory, type ProcessMemory } from '../runtimes/cpython/process-memory.ts';
import { uint32Bytes } from './ebpf-object.ts';
import { encodePython } from './ebpf-python.ts';
import type { CodeFile } from './executable-table.ts';
import { type Image, imageKey } from './image-table.ts';
import type { BpfMap } from './libbpf.ts';
import type { InterpretedFrame } from './sampler.ts';

/** The CPython processes of this machine: what the kernel needs to walk them, and names. */
export interface Pythons {
  /** Looks for an interpreter in an image that was just read, and tells the kernel. */
  see(image: Image): void;
  /** What a frame is called; it says so where that cannot be known any more. */
  name(image: Image, place: CodePlace): InterpretedFrame;
  forget(image: Image): void;
  readonly counters: Readonly<Record<string, number>>;
}

/** Processes whose names are remembered. */
const MAX_PROCESSES = 1_024;
/** Code objects of all of them together, some 500 bytes each. */
const MAX_CODES = 50_000;

const UNREADABLE: InterpretedFrame = {
  text: '[python: gone before its name was read]',
  kind: 'cpython',
  file: '',
  line: 0,
  isReason: true,
};

/** No process yet; `map` is the program's `pythons`. */
export function createPythons(map: BpfMap): Pythons {
  const files = new WeakMap<CodeFile, { readonly python: CPythonFile | undefined }>();
  /** The least recently used first. */
  const processes = new Map<string, CodeNames>();
  const counters = { pythons: 0, pythonsNotKnown: 0, pythonNamesForgotten: 0, pythonUnnamed: 0 };

  function fileOf(file: CodeFile): CPythonFile | undefined {
    const known = files.get(file) ?? { python: readCPythonFile(file.executable) };
    files.set(file, known);
    return known.python;
  }

  function find(image: Image): CPython | undefined {
    for (const { file, bias } of image.ranges) {
      const python = file && fileOf(file);
      if (!python) continue;
      using memory = openMemory(image);
      const found = memory && findCPython(python, bias, memory);
      if (!found) counters.pythonsNotKnown++;
      return found;
    }
    return undefined;
  }

  /** The names of a process, which is now the last to be given up. */
  function use(image: Image, create?: () => CodeNames): CodeNames | undefined {
    const key = imageKey(image.id);
    const names = processes.get(key) ?? create?.();
    if (!names) return undefined;
    processes.delete(key);
    processes.set(key, names);
    return names;
  }

  function makeRoom(): void {
    let codes = 0;
    for (const { size } of processes.values()) codes += size;
    for (const [key, { size }] of processes) {
      if (codes <= MAX_CODES && processes.size <= MAX_PROCESSES) return;
      processes.delete(key);
      codes -= size;
      counters.pythonNamesForgotten += size;
    }
  }

  return {
    counters,
    see(image) {
      const python = find(image);
      if (!python) return;
      map.update(uint32Bytes(image.id.pid), encodePython(image.id, python));
      counters.pythons++;
      use(image, () => createCodeNames(python.layout));
      makeRoom();
    },
    name(image, place) {
      const frame = use(image)?.find(place, () => openMemory(image));
      if (!frame) counters.pythonUnnamed++;
      return frame ?? UNREADABLE;
    },
    forget({ id }) {
      map.delete(uint32Bytes(id.pid));
      processes.delete(imageKey(id));
    },
  };
}

/** The memory of an image while it runs: a pid that was used again is another process. */
function openMemory({ id }: Image): ProcessMemory | undefined {
  const memory = openProcessMemory(id.pid);
  if (memory && readStat(id.pid)?.startTicks === id.startTicks) return memory;
  memory?.[Symbol.dispose]();
  return undefined;
}
