import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { callTree } from '../derive/call-tree.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE } from '../model/profile.ts';
import { CPU } from '../model/profile-type.ts';
import { describe, draw, profileOf } from '../testing.ts';
import { MAX_DEPTH, readFolded, writeFolded } from './folded.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Text cut into pieces of `size` bytes. */
function pieces(text: string, size: number): Uint8Array[] {
  const whole = bytes(text);
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
    whole.subarray(at * size, (at + 1) * size),
  );
}

const drawn = async (text: string, size = 1_000): Promise<string[]> =>
  draw(callTree((await readFolded(pieces(text, size))).value));

test('readFolded() splits at the last space and takes any line end', async () => {
  const text = 'a;operator new 2\r\na;b 1.5\n\n  a;b 1\nlast;line 1e3';
  assert.deepEqual(await drawn(text), [
    'a 4.5',
    '  b 2.5',
    '  operator new 2',
    'last 1000',
    '  line 1000',
  ]);
});

test('readFolded() does not care where chunks end', async () => {
  const text = 'größe;ü 1\nb 2\r\n\nc;d 3\n';
  for (const size of [1, 2, 3, 7]) assert.deepEqual(await drawn(text, size), await drawn(text));
});

test('readFolded() says which lines it left out and why', async () => {
  const { value, problems } = await readFolded([bytes('a;b\nb x\nc 1\n\nd NaN\n5\ne Infinity\n')]);
  assert.deepEqual(draw(callTree(value)), ['c 1']);
  assert.deepEqual(problems, [
    'line 1: expected a number after the last space, got "a;b"',
    'line 2: expected a number after the last space, got "x"',
    'line 5: expected a number after the last space, got "NaN"',
    'line 6: expected a number after the last space, got "5"',
    'line 7: expected a number after the last space, got "Infinity"',
  ]);
});

test('readFolded() bounds depth, line length and the list of problems', async () => {
  const deep = `${Array(MAX_DEPTH + 5)
    .fill('f')
    .join(';')} 1\n`;
  const long = `${'x'.repeat(1_000_001)} 1\n`;
  const { value, problems } = await readFolded([
    ...pieces(`${deep}${long}`, 65_536),
    bytes(`${'bad\n'.repeat(100)}ok 1\n`),
  ]);
  assert.equal(value.stacks.length, MAX_DEPTH + 1);
  assert.deepEqual(problems.slice(0, 2), [
    'line 1: more than 10000 frames, the rest is left out',
    'a line of 1000003 bytes, at most 1000000 are read',
  ]);
  assert.equal(problems.length, 17);
  assert.equal(problems.at(-1), 'and 86 more problems');
  const inOneChunk = await readFolded([bytes(`a 1\n${long}b 1\n`)]);
  assert.deepEqual(draw(callTree(inOneChunk.value)), ['a 1', 'b 1']);
  assert.equal(inOneChunk.problems.length, 1);
});

test('readFolded() replaces what is not UTF-8 and says so once', async () => {
  const { value, problems } = await readFolded([
    Uint8Array.of(0xff, 0x20, 0x31, 10, 0xc3, 0x20, 0x31),
  ]);
  assert.deepEqual(draw(callTree(value)), ['\ufffd 2']);
  assert.deepEqual(problems, ['some bytes are not UTF-8 and were replaced']);
});

test('writeFolded() writes each stack once and makes names safe', () => {
  const builder = createProfileBuilder();
  const series = builder.series([], CPU);
  const frame = builder.frame({ function: builder.function('a;b\nc  d') });
  const stack = builder.stack(NONE, frame);
  for (const at of [stack, stack, NONE] as const) {
    builder.sample({ timeMs: 1, series, stack: at, value: 2 });
  }
  assert.deepEqual([...writeFolded(builder.finish())], ['[unknown] 2\n', 'a:b c d 4\n']);
});

test('reading what was written gives the same calls', async () => {
  const name = fc.stringMatching(/^[^;\s]([^;\r\n]{0,6}[^;\s])?$/);
  const line = fc.tuple(fc.array(name, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1 }));
  await fc.assert(
    fc.asyncProperty(fc.array(line), async (lines) => {
      const profile = profileOf(...lines.map(([path, value]) => `${path.join(';')} ${value}`));
      const text = [...writeFolded(profile)].join('');
      const read = await readFolded(pieces(text, 5));
      assert.deepEqual(read.problems, []);
      assert.deepEqual([...writeFolded(read.value)].join(''), text);
    }),
  );
});

test('readFolded() never throws and always gives a sound profile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 })), async (chunks) => {
      assert.deepEqual(checkProfile((await readFolded(chunks)).value), []);
    }),
  );
});

test('readFolded() makes of weights and frames what the writer of the text meant by them', async () => {
  const { value } = await readFolded([Buffer.from('main_[j];leaf_[k] 3\n')], {
    type: CPU,
    period: 1e7,
    parseFrame: (text) => ({
      name: text.slice(0, -4),
      kind: text.endsWith('k]') ? 'kernel' : 'jvm',
    }),
  });
  assert.deepEqual(describe(value), [
    '0 0',
    '0 process_cpu:cpu:nanoseconds:cpu:nanoseconds/10000000 {} main(:0:0) @#+0 jvm ;leaf(:0:0) @#+0 kernel  30000000',
  ]);
});
