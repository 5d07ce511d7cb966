import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { CodeFile } from '../sampler/executable-table.ts';
import type { Unwinder } from '../sampler/generated-code.ts';
import type { Image } from '../sampler/image-table.ts';
import { type RecordedWindow, recordedOf } from '../sampler/recording.ts';
import { CFA, FP, type Rule, SIGNAL, STOP } from '../unwind/rule.ts';
import { createUnwindTableBuilder, type UnwindTable } from '../unwind/unwind-table.ts';
import {
  compileForUserSpace,
  type UserRegisters,
  type UserSpaceProgram,
  type WalkArchitecture,
  type WalkCase,
  words,
} from './user-space.ts';

/** Both parts of the program are plain C, so each runs on either processor. */
const programs: Readonly<Record<WalkArchitecture, UserSpaceProgram | string>> = {
  x86: compileForUserSpace('x86'),
  arm64: compileForUserSpace('arm64'),
};
after(() => {
  for (const program of Object.values(programs)) {
    if (typeof program !== 'string') program[Symbol.dispose]();
  }
});

/** Declares a test on one part of the program, skipped where it can't be compiled. */
function testWalk(
  title: string,
  architecture: WalkArchitecture,
  run: (program: UserSpaceProgram) => void,
): void {
  const program = programs[architecture];
  test(`${architecture}: ${title}`, { skip: typeof program === 'string' && program }, () => {
    if (typeof program !== 'string') run(program);
  });
}

const STACK = 0x7ffc_0000_0000;
const BIAS = 0x5555_0000_0000;
const CODE_BYTES = 0x10_0000;
const ANONYMOUS = 0x7f00_0000_0000;
const MAX_FRAMES = 256;

const file: CodeFile = {
  number: 7,
  executable: { path: '/bin/a', openPath: '', buildId: '' },
  segments: [],
};
const image: Image = {
  id: { pid: 42, startTicks: 5, execId: 3 },
  process: { pid: 42, startTicks: 5, comm: 'a', exe: '/bin/a', containerId: '', unit: '' },
  ranges: [
    { start: BIAS, end: BIAS + CODE_BYTES, file, bias: BIAS },
    { start: ANONYMOUS, end: ANONYMOUS + 4096, file: undefined, bias: 0 },
  ],
  generated: { unwinder: 'frame pointer', host: 0 },
  isGone: false,
};

/** A table with a rule from each address of the file on. */
function tableOf(...rows: readonly (readonly [address: number, rule: Rule])[]): UnwindTable {
  const builder = createUnwindTableBuilder();
  for (const [address, rule] of rows) builder.row(address, builder.rules.intern(rule));
  builder.endFunction(rows[0]?.[0] ?? 0, CODE_BYTES);
  return builder.finish({ base: 0, hasFramePointerGaps: false, known: [] });
}

const sp = (cfaOffset: number, fp: number = FP.same, fpOffset = 0): Rule => ({
  ...{ cfa: CFA.sp, cfaOffset, fp, fpOffset },
});

type DrawnStack = RecordedWindow['stacks'][number];

/** The one stack of a process whose memory holds some words from its stack pointer on. */
function walk(
  program: UserSpaceProgram,
  table: UnwindTable,
  registers: Partial<UserRegisters> & { readonly pc: number },
  stack: readonly number[],
): DrawnStack | undefined {
  const memory = { address: STACK, bytes: words(...stack) };
  const one: WalkCase = { image, memory, registers: { sp: STACK, fp: 0, ...registers } };
  return recordedOf(program.sample([file], new Map([[file.number, table]]), [one])).stacks[0];
}

const code = (address: number): number => BIAS + address;

testWalk(
  'follows the stack pointer through two callers to the outermost frame',
  'x86',
  (program) => {
    const table = tableOf([0x1000, sp(16)], [0x2000, sp(24)], [0x3000, STOP]);
    const stack = walk(program, table, { pc: code(0x1004) }, [0, code(0x2008), 0, 0, code(0x3001)]);
    assert.deepEqual(stack?.frames, ['file:0:0x1004', 'file:0:0x2007', 'file:0:0x3000']);
    assert.equal(stack?.end, 'complete');
  },
);

testWalk('restores the frame pointer that a callee saved', 'x86', (program) => {
  const byFrame: Rule = { cfa: CFA.fp, cfaOffset: 16, fp: FP.saved, fpOffset: -16 };
  const table = tableOf([0x1000, sp(16, FP.saved, -16)], [0x2000, byFrame], [0x3000, STOP]);
  const stack = [STACK + 24, code(0x2008), 0, 0, code(0x3001)];
  assert.equal(walk(program, table, { pc: code(0x1004) }, stack)?.end, 'complete');
});

testWalk('goes on from the registers that a signal interrupted', 'x86', (program) => {
  const table = tableOf([0x1000, SIGNAL], [0x2000, STOP]);
  const context = Array.from({ length: 30 }, () => 0);
  // Of struct ucontext: the stack pointer is the 16th register, the address the 17th.
  context[5 + 15] = STACK + 160;
  context[5 + 16] = code(0x2004);
  const stack = walk(program, table, { pc: code(0x1004) }, context);
  // The interrupted address is no return address: nothing is taken from it.
  assert.deepEqual(stack?.frames, ['file:0:0x1004', 'file:0:0x2004']);
});

testWalk('takes one from the address after a system call', 'x86', (program) => {
  const registers = { pc: code(0x2000), isInSyscall: true };
  const stack = walk(program, tableOf([0x1000, STOP], [0x2000, sp(8)]), registers, []);
  assert.deepEqual(stack?.frames, ['file:0:0x1fff']);
});

testWalk('follows frame pointers where code was generated', 'x86', (program) => {
  const table = tableOf([0x1000, STOP]);
  const registers = { pc: ANONYMOUS + 16, fp: STACK };
  const stack = walk(program, table, registers, [STACK + 16, code(0x1001)]);
  assert.deepEqual(stack?.frames, [
    `anonymous:0x${(ANONYMOUS + 16).toString(16)}`,
    'file:0:0x1000',
  ]);
});

testWalk('says where it came to the end by a guess', 'x86', (program) => {
  const table = tableOf([0x2000, sp(8)], [0x3000, STOP]);
  const memory = { address: STACK, bytes: words(0, code(0x3001)) };
  const end = (pc: number, unwinder: Unwinder): string | undefined => {
    const registers = { pc, sp: STACK, fp: STACK };
    const one = { image: { ...image, generated: { unwinder, host: 0 } }, memory, registers };
    return recordedOf(program.sample([file], new Map([[file.number, table]]), [one])).stacks[0]
      ?.end;
  };
  assert.equal(end(code(0x1000), 'frame pointer'), 'guessed');
  assert.equal(end(ANONYMOUS, 'guess'), 'guessed');
  assert.equal(end(ANONYMOUS, 'frame pointer'), 'complete');
});

testWalk('says why a walk ended early', 'x86', (program) => {
  const table = tableOf([0x1000, sp(16)], [0x2000, sp(-64)], [0x3000, sp(8)]);
  const end = (pc: number, ...stack: readonly number[]): string | undefined =>
    walk(program, table, { pc }, stack)?.end;
  assert.equal(end(code(0x1000)), 'unreadable');
  assert.equal(end(code(0x1000), 0, 0x4000_0000), 'no_mapping');
  assert.equal(end(code(0x2000), 0), 'bad_frame');
  assert.equal(end(code(0x3000), ...Array.from({ length: 400 }, () => code(0x3004))), 'too_deep');
});

testWalk(
  'takes a return address from the link register, then from the stack',
  'arm64',
  (program) => {
    const table = tableOf([0x1000, sp(0)], [0x2000, sp(32, FP.saved, -32)], [0x3000, STOP]);
    const registers = { pc: code(0x1004), link: code(0x2008) };
    const stack = walk(program, table, registers, [0, code(0x3004), 0, 0]);
    assert.deepEqual(stack?.frames, ['file:0:0x1004', 'file:0:0x2007', 'file:0:0x3003']);
    assert.equal(stack?.end, 'complete');
  },
);

testWalk('takes the authentication code off a return address', 'arm64', (program) => {
  const table = tableOf([0x1000, sp(0)], [0x2000, STOP]);
  const link = code(0x2008) + 2 ** 52;
  const stack = walk(program, table, { pc: code(0x1004), link }, []);
  assert.deepEqual(stack?.frames, ['file:0:0x1004', 'file:0:0x2007']);
});

testWalk('trusts the link register of the leaf only', 'arm64', (program) => {
  const table = tableOf([0x1000, sp(0)], [0x2000, sp(16)]);
  const registers = { pc: code(0x1004), link: code(0x2008) };
  assert.equal(walk(program, table, registers, [])?.end, 'bad_frame');
});

const address = fc.oneof(
  fc.nat(0x4000).map(code),
  fc.nat(0x1000).map((offset) => STACK + offset),
  fc.constantFrom(ANONYMOUS + 8, 0, 1, STACK - 8, 2 ** 52),
);
const rule: fc.Arbitrary<Rule> = fc.record({
  cfa: fc.nat(7),
  fp: fc.nat(3),
  cfaOffset: fc.oneof(
    fc.integer({ min: -64, max: 256 }),
    fc.integer({ min: -(2 ** 26), max: 2 ** 26 }),
  ),
  fpOffset: fc.integer({ min: -32_768, max: 32_767 }),
});
const someCase: fc.Arbitrary<WalkCase> = fc
  .record({
    pc: address,
    sp: address,
    fp: address,
    link: address,
    isInSyscall: fc.boolean(),
    stack: fc.array(address, { maxLength: 400 }),
    kernelFrames: fc.nat(64),
  })
  .map(({ stack, kernelFrames, ...registers }) => ({
    image,
    memory: { address: STACK, bytes: words(...stack) },
    registers,
    kernelFrames,
  }));

for (const architecture of ['x86', 'arm64'] as const) {
  testWalk('ends whatever registers, stacks and rules there are', architecture, (program) => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 30 }),
        fc.array(someCase, { minLength: 20, maxLength: 40 }),
        (rules, cases) => {
          const table = tableOf(...rules.map((each, i) => [i * 0x200, each] as const));
          const tables = new Map([[file.number, table]]);
          const { stacks } = recordedOf(program.sample([file], tables, cases));
          assert.equal(stacks.length, cases.length);
          for (const { frames } of stacks) assert.ok(frames.length <= MAX_FRAMES);
        },
      ),
      { numRuns: 60 },
    );
  });
}
