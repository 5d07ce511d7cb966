import type { InterpretedFrame } from '../../sampler/sampler.ts';
import { type CodeObject, lineOfFrame, readCodeObject } from './code-object.ts';
import type { CPythonLayout } from './layout.ts';
import type { ProcessMemory } from './process-memory.ts';

/** A Python frame as the kernel writes it down. */
export interface CodePlace {
  /** Address of the code object. */
  readonly code: number;
  /** Of the object when it was sampled: another one in its place has another, as a rule. */
  readonly firstLine: number;
  /** Bytes from the first instruction from 3.11, before its `f_lasti`; signed. */
  readonly instruction: number;
}

/** Names of the code of one process, each read once. */
export interface CodeNames {
  /** Code objects that are remembered. */
  readonly size: number;
  /** The same object for the same code and line. `undefined` where it cannot be read any more. */
  find(place: CodePlace, open: () => ProcessMemory | undefined): InterpretedFrame | undefined;
}

interface Known {
  readonly code: CodeObject;
  readonly byInstruction: Map<number, InterpretedFrame>;
  readonly byLine: Map<number, InterpretedFrame>;
}

/** Code objects of one process; busy applications have some thousand on their stacks. */
const MAX_CODES = 20_000;

/** No names yet. Memory is opened only for code that is new. */
export function createCodeNames(layout: CPythonLayout): CodeNames {
  const known = new Map<number, Known>();

  function read(place: CodePlace, memory: ProcessMemory | undefined): Known | undefined {
    const code = memory && readCodeObject(memory, layout, place.code);
    // Freed since, and perhaps something else by now.
    if (!code || code.firstLine !== place.firstLine) return undefined;
    if (known.size >= MAX_CODES) known.clear();
    const entry = { code, byInstruction: new Map(), byLine: new Map() };
    known.set(place.code, entry);
    return entry;
  }

  return {
    get size() {
      return known.size;
    },
    find(place, open) {
      const before = known.get(place.code);
      const entry = before?.code.firstLine === place.firstLine ? before : read(place, open());
      if (!entry) return undefined;
      const { code, byInstruction, byLine } = entry;
      const named = byInstruction.get(place.instruction);
      if (named) return named;
      const line = lineOfFrame(code, layout, place.instruction);
      const fresh = byLine.get(line) ?? frameOf(code, line);
      byLine.set(line, fresh);
      byInstruction.set(place.instruction, fresh);
      return fresh;
    },
  };
}

const frameOf = ({ name, fileName }: CodeObject, line: number): InterpretedFrame => ({
  text: name,
  kind: 'cpython',
  file: fileName,
  line,
});
