import type { DwarfCursor } from './dwarf-cursor.ts';
import { CFA, FP, INVALID, type Rule, SIGNAL, STOP } from './rule.ts';

/** Registers of an architecture by their DWARF numbers. */
export interface Architecture {
  readonly fp: number;
  readonly sp: number;
  readonly returnAddress: number;
  /** Whether the return address is in a register until it is saved (arm64), not on the stack. */
  readonly hasLinkRegister: boolean;
}

/** AMD64 ABI 3.6.2. */
export const X86_64: Architecture = { fp: 6, sp: 7, returnAddress: 16, hasLinkRegister: false };
/** DWARF for the Arm 64-bit architecture, 4.1. */
export const ARM64: Architecture = { fp: 29, sp: 31, returnAddress: 30, hasLinkRegister: true };

/** What instructions of a common information entry (CIE) mean. */
export interface FrameContext {
  readonly architecture: Architecture;
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly pointerEncoding: number;
  readonly isSignalFrame: boolean;
  /** After the instructions of the CIE. */
  readonly initial: CfaState;
}

/** Where a register is. */
const PLACE = { same: 0, cfaOffset: 1, undefined: 2, other: 3, fpOffset: 4 } as const;

/** What the instructions have said so far, of the three registers that matter. */
export interface CfaState {
  readonly cfa: number;
  readonly cfaOffset: number;
  readonly fp: number;
  readonly fpOffset: number;
  readonly ra: number;
  readonly raOffset: number;
}

/** Before any instruction. */
export const UNSET: CfaState = {
  cfa: CFA.invalid,
  cfaOffset: 0,
  fp: PLACE.same,
  fpOffset: 0,
  ra: PLACE.same,
  raOffset: 0,
};

/** GCC and LLVM nest one deep; a bound against hostile files. */
const MAX_REMEMBERED = 16;

interface Machine {
  readonly cursor: DwarfCursor;
  readonly context: FrameContext;
  readonly emit: (address: number, state: CfaState) => void;
  location: number;
  state: CfaState;
  readonly remembered: CfaState[];
}

/**
 * Runs call frame instructions (DWARF 5, 6.4.2) from the cursor to its end and gives the state at
 * each address at which it may change. Gives the last state.
 */
export function runCfaProgram(
  cursor: DwarfCursor,
  context: FrameContext,
  start: number,
  emit: (address: number, state: CfaState) => void,
): CfaState {
  const machine: Machine = {
    cursor,
    context,
    emit,
    location: start,
    state: context.initial,
    remembered: [],
  };
  while (cursor.offset < cursor.end && !cursor.failed) {
    const byte = cursor.uint8();
    const operand = byte & 0x3f;
    if (byte < 0x40) runExtended(machine, byte);
    else if (byte < 0x80) advance(machine, operand * context.codeAlignment);
    else if (byte < 0xc0) saveAt(machine, operand, cursor.uleb() * context.dataAlignment);
    else restore(machine, operand);
  }
  emit(machine.location, machine.state);
  return machine.state;
}

function advance(machine: Machine, delta: number): void {
  machine.emit(machine.location, machine.state);
  machine.location += delta;
}

function setPlace(machine: Machine, register: number, place: number, offset = 0): void {
  const { fp, returnAddress } = machine.context.architecture;
  if (register === fp) machine.state = { ...machine.state, fp: place, fpOffset: offset };
  else if (register === returnAddress) {
    machine.state = { ...machine.state, ra: place, raOffset: offset };
  }
}

function saveAt(machine: Machine, register: number, offset: number): void {
  setPlace(machine, register, PLACE.cfaOffset, offset);
}

function restore(machine: Machine, register: number): void {
  const { architecture, initial } = machine.context;
  if (register === architecture.fp) setPlace(machine, register, initial.fp, initial.fpOffset);
  else setPlace(machine, register, initial.ra, initial.raOffset);
}

function defineCfa(machine: Machine, register: number, offset: number): void {
  const { fp, sp } = machine.context.architecture;
  const cfa = register === sp ? CFA.sp : register === fp ? CFA.fp : CFA.invalid;
  machine.state = { ...machine.state, cfa, cfaOffset: offset };
}

const ignoreTwo = ({ cursor }: Machine): void => {
  cursor.uleb();
  cursor.uleb();
};

/** The instructions whose opcode is the whole byte, DWARF 5 table 7.29. */
const EXTENDED: Readonly<Record<number, (machine: Machine) => void>> = {
  0: () => {},
  1: (m) => advance(m, m.cursor.pointer(m.context.pointerEncoding) - m.location),
  2: (m) => advance(m, m.cursor.uint8() * m.context.codeAlignment),
  3: (m) => advance(m, m.cursor.uint16() * m.context.codeAlignment),
  4: (m) => advance(m, m.cursor.uint32() * m.context.codeAlignment),
  5: (m) => saveAt(m, m.cursor.uleb(), m.cursor.uleb() * m.context.dataAlignment),
  6: (m) => restore(m, m.cursor.uleb()),
  7: (m) => setPlace(m, m.cursor.uleb(), PLACE.undefined),
  8: (m) => setPlace(m, m.cursor.uleb(), PLACE.same),
  9: (m) => {
    setPlace(m, m.cursor.uleb(), PLACE.other);
    m.cursor.uleb();
  },
  10: (m) => {
    if (m.remembered.length < MAX_REMEMBERED) m.remembered.push(m.state);
    else m.cursor.failed = true;
  },
  11: (m) => {
    m.state = m.remembered.pop() ?? m.state;
  },
  12: (m) => defineCfa(m, m.cursor.uleb(), m.cursor.uleb()),
  13: (m) => defineCfa(m, m.cursor.uleb(), m.state.cfaOffset),
  14: (m) => {
    m.state = { ...m.state, cfaOffset: m.cursor.uleb() };
  },
  15: (m) => {
    m.state = { ...m.state, ...cfaOfExpression(readExpression(m.cursor), m.context.architecture) };
  },
  16: (m) => {
    const register = m.cursor.uleb();
    const expression = readExpression(m.cursor);
    const isFpOffset =
      register === m.context.architecture.fp &&
      expression.kind === 'register' &&
      expression.register === register;
    // DW_CFA_expression gives the address a register is saved at, here relative to the frame pointer.
    setPlace(m, register, isFpOffset ? PLACE.fpOffset : PLACE.other, expression.offset);
  },
  17: (m) => saveAt(m, m.cursor.uleb(), m.cursor.sleb() * m.context.dataAlignment),
  18: (m) => defineCfa(m, m.cursor.uleb(), m.cursor.sleb() * m.context.dataAlignment),
  19: (m) => {
    m.state = { ...m.state, cfaOffset: m.cursor.sleb() * m.context.dataAlignment };
  },
  20: ignoreTwo,
  21: ignoreTwo,
  22: (m) => {
    const register = m.cursor.uleb();
    readExpression(m.cursor);
    setPlace(m, register, PLACE.other);
  },
  45: () => {},
  46: (m) => {
    m.cursor.uleb();
  },
  47: ignoreTwo,
};

function runExtended(machine: Machine, opcode: number): void {
  const operation = EXTENDED[opcode];
  if (operation) operation(machine);
  else machine.cursor.failed = true;
}

interface Expression {
  readonly kind: 'register' | 'memory' | 'plt' | 'other';
  readonly register: number;
  readonly offset: number;
  /** Added to what the memory holds. */
  readonly added: number;
}

const OTHER: Expression = { kind: 'other', register: 0, offset: 0, added: 0 };
const OP = { deref: 0x06, plus: 0x22, plusConstant: 0x23, shl: 0x24, breg0: 0x70, breg31: 0x8f };

/** The few forms of location expressions that compilers emit here; all else is `other`. */
function readExpression(cursor: DwarfCursor): Expression {
  const length = cursor.uleb();
  const outerEnd = cursor.end;
  const end = cursor.offset + length;
  if (end > outerEnd) {
    cursor.failed = true;
    return OTHER;
  }
  cursor.end = end;
  const expression = parseExpression(cursor, length);
  // A form that was not understood to its end must not fail the instructions after it.
  cursor.failed = false;
  cursor.offset = end;
  cursor.end = outerEnd;
  return expression;
}

function parseExpression(cursor: DwarfCursor, length: number): Expression {
  const opcode = cursor.uint8();
  if (opcode < OP.breg0 || opcode > OP.breg31) return OTHER;
  const register = opcode - OP.breg0;
  const offset = cursor.sleb();
  if (cursor.offset === cursor.end) return { kind: 'register', register, offset, added: 0 };
  const next = cursor.uint8();
  if (next !== OP.deref) return isPlt(cursor, length) ? { ...OTHER, kind: 'plt' } : OTHER;
  let added = 0;
  while (cursor.offset < cursor.end) {
    if (cursor.uint8() !== OP.plusConstant) return OTHER;
    added += cursor.uleb();
  }
  return cursor.failed ? OTHER : { kind: 'memory', register, offset, added };
}

/** The linkers' rule for a PLT ends in `shl plus`: CFA = sp + 8 + ((pc & 15 ≥ 11) << 3). */
function isPlt(cursor: DwarfCursor, length: number): boolean {
  if (length < 10) return false;
  cursor.offset = cursor.end - 2;
  return cursor.uint8() === OP.shl && cursor.uint8() === OP.plus;
}

function cfaOfExpression(
  { kind, register, offset, added }: Expression,
  { fp, sp }: Architecture,
): { cfa: number; cfaOffset: number } {
  if (kind === 'plt') return { cfa: CFA.plt, cfaOffset: 0 };
  const fits = kind === 'memory' && offset % 8 === 0 && added % 8 === 0 && added < 64;
  if (fits && register === sp) return { cfa: CFA.derefSp, cfaOffset: offset + added / 8 };
  if (fits && register === fp) return { cfa: CFA.derefFp, cfaOffset: offset + added / 8 };
  return { cfa: CFA.invalid, cfaOffset: 0 };
}

/** The rule that a state comes to. */
export function ruleOf(state: CfaState, context: FrameContext): Rule {
  if (context.isSignalFrame) return SIGNAL;
  if (state.ra === PLACE.undefined) return STOP;
  if (state.cfa === CFA.invalid) return INVALID;
  return context.architecture.hasLinkRegister ? arm64Rule(state) : x86Rule(state);
}

function x86Rule(state: CfaState): Rule {
  // Every x86-64 call leaves the return address right below the CFA.
  if (state.ra === PLACE.same) return STOP;
  if (state.ra !== PLACE.cfaOffset || state.raOffset !== -8) return INVALID;
  const { cfa, cfaOffset } = state;
  switch (state.fp) {
    case PLACE.same:
      return { cfa, cfaOffset, fp: FP.same, fpOffset: 0 };
    case PLACE.cfaOffset:
      return { cfa, cfaOffset, fp: FP.saved, fpOffset: state.fpOffset };
    case PLACE.fpOffset:
      return { cfa, cfaOffset, fp: FP.offset, fpOffset: state.fpOffset };
    default:
      return { cfa, cfaOffset, fp: FP.undefined, fpOffset: 0 };
  }
}

function arm64Rule(state: CfaState): Rule {
  const { cfa, cfaOffset } = state;
  if (state.ra === PLACE.same) return { cfa, cfaOffset, fp: FP.same, fpOffset: 0 };
  if (state.ra !== PLACE.cfaOffset) return INVALID;
  const isFrameRecord = state.fp === PLACE.cfaOffset && state.fpOffset + 8 === state.raOffset;
  return isFrameRecord
    ? { cfa, cfaOffset, fp: FP.saved, fpOffset: state.fpOffset }
    : { cfa, cfaOffset, fp: FP.offset, fpOffset: state.raOffset };
}
