import { type ElfFile, loadedFrom } from '../elf/elf-file.ts';
import { paged } from '../elf/paged.ts';
import { GO_FLAGS, type GoFunction } from '../runtimes/go/functions.ts';
import { type GoProgram, openGoProgram, SIGNAL_RETURN } from '../runtimes/go/go-program.ts';
import type { PcValue } from '../runtimes/go/pc-values.ts';
import type { Architecture } from './cfa-program.ts';
import { CFA, FP, type Rule, SIGNAL, STOP } from './rule.ts';
import type { UnwindTableBuilder } from './unwind-table.ts';

/**
 * These leave a goroutine's stack for good: what they call runs on the stack of the scheduler, and
 * nothing leads back.
 */
const LEAVES_STACK: readonly string[] = ['runtime.mcall', 'runtime.morestack'];
/** The first function of a signal handler, which the kernel has called. */
const SIGNAL_HANDLER = 'runtime.sigtramp';

/** What can be said of a function: its frame is laid out by one of these. */
type Layout = 'goroutine end' | 'signal return' | 'moves stack' | 'plain';

/**
 * Adds the Go functions of a file to its unwind table, by what their own table says of the bytes on
 * the stack at each address; nothing where the file is no Go program. Gives whether an address lies in
 * a function that was added.
 */
export function addGoFunctions(
  elf: ElfFile,
  architecture: Architecture,
  table: UnwindTableBuilder,
): (address: number) => boolean {
  const program = openGoProgram({ ...elf, read: paged(elf.read) });
  if (!program) return () => false;
  const { functions, textStart } = program;
  const rules = architecture.hasLinkRegister ? ARM64_RULES : X86_64_RULES;
  for (let row = 0; row < functions.length; row++) {
    const found = functions.at(row);
    // C code inside a Go program has no such table.
    const values = found && functions.values(found.stackBytes);
    if (found && values) addFunction({ elf, program, rules, table }, found, values);
  }
  return (address) => {
    const found = functions.at(functions.find(address - textStart));
    return found !== undefined && found.stackBytes !== 0;
  };
}

interface Adding {
  readonly elf: ElfFile;
  readonly program: GoProgram;
  readonly rules: GoRules;
  readonly table: UnwindTableBuilder;
}

function addFunction(
  { elf, program, rules, table }: Adding,
  found: GoFunction,
  values: readonly PcValue[],
): void {
  const start = program.textStart + found.start;
  const layout = layoutOf(program, found);
  // The kernel returns to its first byte, and a return address is looked up by the byte before it.
  const from = layout === 'signal return' ? start - 1 : start;
  const isAssembly = (found.flags & GO_FLAGS.assembly) !== 0;
  const savesFp = !isAssembly || savesFramePointer(elf, start, values);
  const ruleAt = (stackBytes: number): Rule => {
    if (layout === 'goroutine end') return STOP;
    if (layout === 'signal return') return SIGNAL;
    const isBeforeMove = savesFp && stackBytes === 0;
    return layout === 'plain' || isBeforeMove
      ? rules.byStackPointer(stackBytes, savesFp)
      : rules.byFramePointer(stackBytes);
  };
  let at = from;
  for (const { value, end } of values) {
    if (at >= program.textStart + found.end) break;
    table.row(at, table.rules.intern(ruleAt(value)));
    at = start + end;
  }
  table.endFunction(from, program.textStart + found.end);
}

function layoutOf({ functions }: GoProgram, { name, flags }: GoFunction): Layout {
  if ((flags & GO_FLAGS.assembly) === 0) return 'plain';
  const text = functions.name(name);
  if (SIGNAL_RETURN.test(text)) return 'signal return';
  if (text === SIGNAL_HANDLER) return 'plain';
  if ((flags & GO_FLAGS.topFrame) !== 0 || LEAVES_STACK.includes(text)) return 'goroutine end';
  return (flags & GO_FLAGS.writesStackPointer) !== 0 ? 'moves stack' : 'plain';
}

interface GoRules {
  /** Where so many bytes are on the stack, and the frame pointer is among them or not. */
  byStackPointer(stackBytes: number, savesFp: boolean): Rule;
  /** Where the stack pointer has moved to another stack. */
  byFramePointer(stackBytes: number): Rule;
}

const X86_64_RULES: GoRules = {
  byStackPointer: (stackBytes, savesFp) =>
    savesFp && stackBytes > 0
      ? { cfa: CFA.sp, cfaOffset: stackBytes + 8, fp: FP.saved, fpOffset: -16 }
      : { cfa: CFA.sp, cfaOffset: stackBytes + 8, fp: FP.same, fpOffset: 0 },
  byFramePointer: () => ({ cfa: CFA.otherStack, cfaOffset: 16, fp: FP.saved, fpOffset: -16 }),
};

/** The link register lies at the stack pointer, the caller's frame pointer below it. */
const ARM64_RULES: GoRules = {
  byStackPointer: (stackBytes) =>
    stackBytes > 0
      ? { cfa: CFA.sp, cfaOffset: stackBytes, fp: FP.saved, fpOffset: -stackBytes - 8 }
      : { cfa: CFA.sp, cfaOffset: 0, fp: FP.same, fpOffset: 0 },
  byFramePointer: (stackBytes) => ({
    cfa: CFA.otherStack,
    cfaOffset: Math.max(stackBytes, 8) + 8,
    fp: FP.saved,
    fpOffset: -Math.max(stackBytes, 8) - 8,
  }),
};

/** `push %rbp`, of Go 1.21 and later. */
const PUSH_RBP = 0x55;
/** `mov %rbp, x(%rsp)` with a byte or four for x, after the stack was made, of earlier ones. */
const STORE_RBP: readonly number[] = [0x48_89_6c_24, 0x48_89_ac_24];

/**
 * Whether assembly keeps the frame pointer where compiled functions do: what the assembler writes at
 * the beginning of a function, unless it was told not to. Of arm64 nothing is asked.
 */
function savesFramePointer(elf: ElfFile, start: number, values: readonly PcValue[]): boolean {
  const made = values[0]?.value === 0 ? start + values[0].end : start;
  const loaded = loadedFrom(elf, made - 1);
  const code = loaded ? Buffer.from(elf.read(loaded.offset, 5)) : Buffer.alloc(0);
  if (code.length < 5) return false;
  return code[0] === PUSH_RBP || STORE_RBP.includes(code.readUInt32BE(1));
}
