import assert from 'node:assert/strict';
import test from 'node:test';
import { cannotSample } from '../../packages/agent/src/sampler/testing.ts';
import { missingOf, OF_32_BITS, PROGRAMS, type Program } from './programs.ts';
import { record } from './record.ts';
import type { Tally } from './tally.ts';
import { drawTable, faultsOf, recordUntilRight } from './verdict.ts';

const skip = cannotSample('rights', 'btf', 'libbpf', 'kernel', 'lockdown');

let tallies: ReadonlyMap<Program, Tally> = new Map();

test('programs with known shares are recorded side by side', { skip }, async (t) => {
  tallies = await recordUntilRight(PROGRAMS.filter((program) => !missingOf(program)));
  for (const line of drawTable(tallies).split('\n')) t.diagnostic(line);
  assert.ok(tallies.size > 0);
});

for (const program of PROGRAMS) {
  test(`stacks, names and shares are true: ${program.name}`, { skip }, (t) => {
    const missing = missingOf(program);
    if (missing) return t.skip(`no ${missing} here`);
    const tally = tallies.get(program);
    assert.ok(tally, 'expected it to be recorded');
    assert.deepEqual(faultsOf(program, tally), []);
  });
}

test('a 32-bit program is counted, and not walked', { skip }, async (t) => {
  const missing = missingOf(OF_32_BITS);
  if (missing) return t.skip(`no ${missing} here`);
  const tally = (await record([OF_32_BITS])).get(OF_32_BITS);
  assert.ok(tally && tally.samples > 0);
  assert.equal(tally.cut, tally.samples);
  // Only frames of the kernel.
  assert.equal(tally.unnamed, 0);
});
