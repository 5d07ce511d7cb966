/** Where the caller's stack pointer (the canonical frame address, CFA) is found. */
export const CFA = {
  /** Not expressible: the walk stops with an error. */
  invalid: 0,
  /** Stack pointer + offset. */
  sp: 1,
  /** Frame pointer + offset. */
  fp: 2,
  /** The x86-64 PLT: stack pointer + 8, 16 once the stub has pushed its index. */
  plt: 3,
  /** What the stack pointer + (offset & ~7) points to, + 8 × (offset & 7). */
  derefSp: 4,
  /** What the frame pointer + (offset & ~7) points to, + 8 × (offset & 7). */
  derefFp: 5,
  /** The outermost frame: the stack is complete. */
  stop: 6,
  /** A signal frame: the interrupted registers lie in the ucontext on the stack. */
  signal: 7,
  /** Frame pointer + offset, on another stack, which may lie anywhere. */
  otherStack: 8,
} as const;

/** Where the caller's frame pointer is found; on arm64 where its return address is. */
export const FP = {
  /** Unchanged (arm64: frame pointer unchanged, return address in the link register). */
  same: 0,
  /** At CFA + offset (arm64: the frame record, return address 8 bytes above). */
  saved: 1,
  /** Lost (arm64: unused). */
  undefined: 2,
  /** Frame pointer + offset (arm64: return address at CFA + offset, frame pointer unchanged). */
  offset: 3,
} as const;

/** How to get from a frame to its caller. */
export interface Rule {
  /** One of {@link CFA}. */
  readonly cfa: number;
  /** One of {@link FP}. */
  readonly fp: number;
  readonly cfaOffset: number;
  readonly fpOffset: number;
}

/** The distinct rules of a table: few, however many rows. */
export interface Rules {
  readonly length: number;
  readonly cfa: Uint8Array;
  readonly fp: Uint8Array;
  readonly cfaOffset: Int32Array;
  readonly fpOffset: Int16Array;
}

/** A rule by its row. */
export function ruleAt(rules: Rules, row: number): Rule {
  return {
    cfa: rules.cfa[row] ?? 0,
    fp: rules.fp[row] ?? 0,
    cfaOffset: rules.cfaOffset[row] ?? 0,
    fpOffset: rules.fpOffset[row] ?? 0,
  };
}

export const INVALID: Rule = { cfa: CFA.invalid, fp: FP.same, cfaOffset: 0, fpOffset: 0 };
export const STOP: Rule = { cfa: CFA.stop, fp: FP.same, cfaOffset: 0, fpOffset: 0 };
export const SIGNAL: Rule = { cfa: CFA.signal, fp: FP.same, cfaOffset: 0, fpOffset: 0 };
/** What a function does that keeps a frame pointer, past its prologue. */
export const FRAME_POINTER: Rule = { cfa: CFA.fp, fp: FP.saved, cfaOffset: 16, fpOffset: -16 };

/** Rules that may be met in one file before the rest counts as invalid; libLLVM has 585. */
export const MAX_RULES = 65_535;

/** Gives each distinct rule a number. */
export interface RuleDictionary {
  readonly length: number;
  /** The number of the rule; that of {@link INVALID} when there are {@link MAX_RULES} already. */
  intern(rule: Rule): number;
  finish(): Rules;
}

const CFA_OFFSET_RANGE = 2 ** 28;
const FP_OFFSET_RANGE = 2 ** 16;

/** One number a rule: the largest is below 2^50, so that doubles hold it. */
function keyOf({ cfa, fp, cfaOffset, fpOffset }: Rule): number {
  const kinds = cfa * 4 + fp;
  const high = kinds * CFA_OFFSET_RANGE + (cfaOffset + CFA_OFFSET_RANGE / 2);
  return high * FP_OFFSET_RANGE + (fpOffset + FP_OFFSET_RANGE / 2);
}

const fits = ({ cfaOffset, fpOffset }: Rule): boolean =>
  Math.abs(cfaOffset) < CFA_OFFSET_RANGE / 2 && Math.abs(fpOffset) < FP_OFFSET_RANGE / 2;

/** An empty dictionary; its first rule is {@link INVALID}. */
export function createRuleDictionary(): RuleDictionary {
  const rules: Rule[] = [INVALID];
  const numbers = new Map<number, number>([[keyOf(INVALID), 0]]);
  return {
    get length() {
      return rules.length;
    },
    intern(rule) {
      if (!fits(rule)) return 0;
      const key = keyOf(rule);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      if (rules.length >= MAX_RULES) return 0;
      numbers.set(key, rules.length);
      rules.push(rule);
      return rules.length - 1;
    },
    finish() {
      return {
        length: rules.length,
        cfa: Uint8Array.from(rules, (rule) => rule.cfa),
        fp: Uint8Array.from(rules, (rule) => rule.fp),
        cfaOffset: Int32Array.from(rules, (rule) => rule.cfaOffset),
        fpOffset: Int16Array.from(rules, (rule) => rule.fpOffset),
      };
    },
  };
}
