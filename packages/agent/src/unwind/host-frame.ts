import type { ElfFile } from '../elf/elf-file.ts';
import { findExported } from '../elf/find-symbol.ts';
import { CFA } from './rule.ts';
import type { UnwindTable } from './unwind-table.ts';

/** HOST_FRAME of bpf/table.h: no code lies there. */
const HOST_FRAME = 0xffff_fffe;

/**
 * The table of an interpreter whose just-in-time compiler makes code that runs on the interpreter's
 * own frame: with the rule of that frame as a last row, at an address that no code has. Any other
 * table as it is. PHP's interpreter is `execute_ex`. LuaJIT's, in assembly, has no name; it is by far
 * the longest stretch of its file that one rule holds for.
 */
export function withHostFrame(elf: ElfFile, table: UnwindTable): UnwindTable {
  const { base, length } = table;
  const isLuajit = findExported(elf, 'luaJIT_setmode') !== undefined;
  const execute = isLuajit ? undefined : findExported(elf, 'execute_ex');
  if (!isLuajit && !execute) return table;
  const { address, sizeBytes } = execute ?? { address: base, sizeBytes: HOST_FRAME };
  const row = longestRow(table, address, address + sizeBytes);
  const rule = table.rule[row] ?? 0;
  if (table.rules.cfa[rule] !== CFA.sp) return table;
  const pc = new Uint32Array(length + 1);
  pc.set(table.pc);
  pc[length] = HOST_FRAME - base;
  const rules = new Uint16Array(length + 1);
  rules.set(table.rule);
  rules[length] = rule;
  return { ...table, length: length + 1, pc, rule: rules };
}

/** The row between two addresses that holds longest; -1 if there is none. */
function longestRow({ length, pc, base }: UnwindTable, start: number, end: number): number {
  let longest = -1;
  let most = 0;
  for (let row = 0; row + 1 < length; row++) {
    const address = base + (pc[row] ?? 0);
    const size = base + (pc[row + 1] ?? 0) - address;
    if (address < start || address >= end || size <= most) continue;
    longest = row;
    most = size;
  }
  return longest;
}
