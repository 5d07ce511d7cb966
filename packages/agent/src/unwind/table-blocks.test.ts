import assert from 'node:assert/strict';
import test from 'node:test';
import { INVALID, type Rules } from './rule.ts';
import { BLOCK_BYTES, BLOCK_ROWS, layOutBlocks, searchBlocks } from './table-blocks.ts';
import { findUnwindRow, type UnwindTable } from './unwind-table.ts';

const RULES: Rules = {
  length: 7,
  cfa: Uint8Array.from({ length: 7 }, (_, row) => (row === 0 ? INVALID.cfa : 1)),
  fp: new Uint8Array(7),
  cfaOffset: Int32Array.from({ length: 7 }, (_, row) => 8 * row),
  fpOffset: new Int16Array(7),
};

/** A table of `length` rows, 3 to 19 bytes apart. */
function tableOf(length: number, base = 0x400000): UnwindTable {
  let at = 100;
  const pc = Uint32Array.from({ length }, (_, row) => {
    at += 3 + ((row * 7919) % 17);
    return at;
  });
  const rule = Uint16Array.from({ length }, (_, row) => row % RULES.length);
  return { length, pc, rule, rules: RULES, base, skipped: 0 };
}

for (const length of [1, 511, 512, 513, BLOCK_ROWS * BLOCK_ROWS + 5]) {
  test(`the kernel's search finds what is in a table of ${length} rows`, () => {
    const table = tableOf(length);
    const bytes = layOutBlocks(table, (rule) => rule + 100);
    assert.ok(bytes);
    assert.equal(bytes.length % BLOCK_BYTES, 0);
    const last = table.base + (table.pc[length - 1] ?? 0) + 50;
    const step = Math.max(1, Math.floor((last - table.base) / 997));
    for (let address = table.base; address <= last; address += step) {
      const row = findUnwindRow(table, address);
      const expected = row < 0 ? undefined : (table.rule[row] ?? 0) + 100;
      assert.equal(searchBlocks(bytes, address), expected, `at ${address}`);
    }
  });
}

test('a table without rows, or beyond 32 bits, is not laid out', () => {
  assert.equal(
    layOutBlocks(tableOf(0), (rule) => rule),
    undefined,
  );
  assert.equal(
    layOutBlocks(tableOf(3, 2 ** 32), (rule) => rule),
    undefined,
  );
});
