import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDictionary, DICTIONARY_LIMITS, internStacks } from './dictionary.ts';
import { mergedProfile } from './merged-profile.ts';
import { batchOf, drawMerge } from './store-text.ts';

/** The samples of a batch as a dictionary of these limits has them. */
function drawThrough(limits: Partial<typeof DICTIONARY_LIMITS>, ...lines: readonly string[]) {
  const dictionary = createDictionary({ ...DICTIONARY_LIMITS, ...limits });
  const profile = batchOf(...lines);
  const stackOf = internStacks(dictionary, profile);
  const stack = profile.samples.stack.map((row) => stackOf[row] ?? -1);
  const [type] = profile.series.type;
  assert.ok(type);
  const quality = { taken: 0, lost: 0, truncated: 0, unsymbolized: 0, guessed: 0 };
  const { value } = profile.samples;
  const merged = { type, period: 0, quality, stack, value };
  const drawn = drawMerge(mergedProfile(dictionary, [merged], { fromMs: 0, toMs: 1 }));
  return { drawn, dictionary };
}

test('a stack that finds no room is cut to the caller that is there, and counted', () => {
  const { drawn, dictionary } = drawThrough(
    { stacks: 2 },
    '1 cpu pod=a a;b 1',
    '1 cpu pod=a a;b;c;b 2',
    '1 cpu pod=a d;b 4',
  );
  assert.deepEqual(drawn, ['cpu - 4', 'cpu a;b 1', 'cpu a;b 2']);
  // Children of what was refused are not asked for.
  assert.equal(dictionary.stacks.refused, 2);
});

test('a name that finds no room is left out, and counted', () => {
  const { drawn, dictionary } = drawThrough({ strings: 3 }, '1 cpu pod=a ab;cd 1');
  assert.deepEqual(drawn, ['cpu ab;? 1']);
  assert.equal(dictionary.strings.refused, 1);
});
