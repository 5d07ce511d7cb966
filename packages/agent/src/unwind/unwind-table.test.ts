import assert from 'node:assert/strict';
import test from 'node:test';
import { SIGNAL, STOP } from './rule.ts';
import { createUnwindTableBuilder, findUnwindRow } from './unwind-table.ts';

const PLAIN = { cfa: 1, cfaOffset: 8, fp: 0, fpOffset: 0 };

test('known code fills gaps before, between and behind functions, and gives way to them', () => {
  const builder = createUnwindTableBuilder();
  for (const start of [0x1200, 0x1100]) {
    builder.row(start, builder.rules.intern(PLAIN));
    builder.endFunction(start, start + 0x40);
  }
  const known = [0x1010, 0x1120, 0x1138, 0x1160, 0x1300].map((start) => ({
    start,
    end: start + 0x10,
    rule: start === 0x1300 ? SIGNAL : STOP,
  }));
  const table = builder.finish({ base: 0x1000, hasFramePointerGaps: false, known });
  const cfaAt = (address: number): number =>
    table.rules.cfa[table.rule[findUnwindRow(table, address)] ?? 0] ?? 0;
  const addresses = [
    0x100f, 0x1010, 0x1020, 0x1125, 0x1145, 0x1160, 0x1170, 0x1200, 0x1308, 0x1310,
  ];
  assert.deepEqual(addresses.map(cfaAt), [0, 6, 0, 1, 0, 6, 0, 1, 7, 0]);
  assert.deepEqual(
    [...table.pc],
    [...table.pc].toSorted((a, b) => a - b),
  );
});
