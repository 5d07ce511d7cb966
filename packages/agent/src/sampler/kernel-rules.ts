import { type Rule, type Rules, ruleAt } from '../unwind/rule.ts';
import { MAX_KERNEL_RULES, uint32Bytes } from './ebpf-object.ts';
import type { BpfMap } from './libbpf.ts';

/** Size of `struct rule`. */
const RULE_BYTES = 8;

/** `struct rule` of bpf/table.h. */
export function encodeRule({ cfa, fp, cfaOffset, fpOffset }: Rule): Buffer {
  const bytes = Buffer.alloc(RULE_BYTES);
  bytes[0] = cfa;
  bytes[1] = fp;
  bytes.writeInt16LE(fpOffset, 2);
  bytes.writeInt32LE(cfaOffset, 4);
  return bytes;
}

/** The rules of all tables in the kernel, each once. */
export interface KernelRules {
  /** The kernel's number of each rule of a table; 0, which is invalid, once there are too many. */
  numbersOf(rules: Rules): Uint16Array;
  /** Rules that found no room. */
  readonly refused: number;
}

/** No rules yet but the invalid one, which is all zeros. */
export function createKernelRules(map: BpfMap): KernelRules {
  const numbers = new Map<string, number>([['\0'.repeat(RULE_BYTES), 0]]);
  let refused = 0;

  function numberOf(bytes: Buffer): number {
    const key = bytes.toString('latin1');
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = numbers.size;
    if (number >= MAX_KERNEL_RULES || !map.update(uint32Bytes(number), bytes)) {
      refused++;
      return 0;
    }
    numbers.set(key, number);
    return number;
  }

  return {
    get refused() {
      return refused;
    },
    numbersOf: (rules) =>
      Uint16Array.from({ length: rules.length }, (_, row) =>
        numberOf(encodeRule(ruleAt(rules, row))),
      ),
  };
}
