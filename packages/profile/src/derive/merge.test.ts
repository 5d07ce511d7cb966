import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SAMPLES } from '../formats/folded.ts';
import { labelsOf } from '../labels/labels.ts';
import { matcher } from '../labels/selector.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE, type Profile } from '../model/profile.ts';
import { CPU, profileTypeId } from '../model/profile-type.ts';
import { draw, profileOf } from '../testing.ts';
import { bottomUp } from './bottom-up.ts';
import { callTree } from './call-tree.ts';
import { cutTree } from './cut-tree.ts';
import { diffTrees } from './diff.ts';
import { hotList } from './hot-list.ts';
import { mergeProfiles } from './merge.ts';
import { selectSamples } from './select-samples.ts';
import { sumByStack } from './sum-by-stack.ts';

const PATH = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 });

/** Small profiles of two pods, two types and three windows. */
const PROFILE: fc.Arbitrary<Profile> = fc
  .array(
    fc.record({
      path: PATH,
      value: fc.integer({ min: 1, max: 1_000 }),
      pod: fc.constantFrom('p', 'q'),
      type: fc.constantFrom(CPU, SAMPLES),
      timeMs: fc.constantFrom(10, 20, 30),
    }),
    { maxLength: 20 },
  )
  .map((rows) => {
    const builder = createProfileBuilder();
    for (const { path, value, pod, type, timeMs } of rows) {
      const series = builder.series(labelsOf([['pod', pod]]), type);
      const stack = path.reduce<ReturnType<typeof builder.stack> | typeof NONE>(
        (parent, name) =>
          builder.stack(parent, builder.frame({ function: builder.function(name) })),
        NONE,
      );
      builder.sample({ timeMs, series, stack, value });
      const counts = { taken: value, lost: 1, truncated: 2, unsymbolized: 3, guessed: 0 };
      builder.quality({ timeMs, series, ...counts });
    }
    return builder.finish(10, 30e6);
  });

/** Every row as text, sorted: equal for profiles that say the same. */
function rowsOf(profile: Profile): string[] {
  const { samples, quality, series } = profile;
  const who = (row: number): string =>
    `${profileTypeId(series.type[row] ?? CPU)} ${JSON.stringify(series.labels[row])}`;
  const sampled = [...samples.value].map((value, row) => {
    const path: string[] = [];
    for (let at = samples.stack[row] ?? NONE; at !== NONE; at = profile.stacks.parent[at] ?? NONE) {
      const fn = profile.frames.function[profile.stacks.frame[at] ?? 0] ?? 0;
      path.push(profile.strings[profile.functions.name[fn] ?? 0] ?? '');
    }
    return `${samples.timeMs[row]} ${who(samples.series[row] ?? 0)} ${path.join('<')} ${value}`;
  });
  const trusted = [...quality.taken].map((taken, row) =>
    [quality.timeMs[row], who(quality.series[row] ?? 0), taken, quality.lost[row]].join(' '),
  );
  return [...sampled, ...trusted].sort((a, b) => (a < b ? -1 : 1));
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);

test('mergeProfiles() is associative and commutative', () => {
  fc.assert(
    fc.property(PROFILE, PROFILE, PROFILE, (a, b, c) => {
      const left = mergeProfiles([mergeProfiles([a, b]), c]);
      assert.deepEqual(checkProfile(left), []);
      assert.deepEqual(rowsOf(left), rowsOf(mergeProfiles([a, mergeProfiles([b, c])])));
      assert.deepEqual(rowsOf(left), rowsOf(mergeProfiles([c, b, a])));
    }),
  );
});

test('mergeProfiles() sums equal rows and holds every range', () => {
  const a = { ...profileOf('a;b 1', 'a 2'), startMs: 1_000, durationNs: 1e9 };
  const b = { ...profileOf('a;b 4', 'c 1'), startMs: 3_000, durationNs: 2e9 };
  const merged = mergeProfiles([a, b]);
  assert.deepEqual(draw(callTree(merged)), ['a 7', '  b 5', 'c 1']);
  assert.equal(merged.samples.length, 3);
  assert.deepEqual([merged.startMs, merged.durationNs], [1_000, 4e9]);
  assert.equal(mergeProfiles([]).samples.length, 0);
});

test('merging, summing, turning and selecting conserve weight', () => {
  fc.assert(
    fc.property(PROFILE, PROFILE, (a, b) => {
      const weight = sum(a.samples.value) + sum(b.samples.value);
      const merged = mergeProfiles([a, b]);
      assert.equal(sum(merged.samples.value), weight);
      const folded = sumByStack(merged);
      assert.deepEqual(checkProfile(folded), []);
      assert.equal(sum(folded.samples.value), weight);
      const tree = callTree(merged);
      assert.equal(tree.total[0], weight);
      assert.equal(sum(tree.self), weight);
      assert.equal(sum(bottomUp(tree).self), weight);
      assert.equal(cutTree(tree, 3).tree.total[0], weight);
      assert.equal(
        hotList(tree).reduce((all, { self }) => all + self, 0),
        weight,
      );
      const halves = [matcher('pod', '=', 'p'), matcher('pod', '!=', 'p')].map((half) =>
        selectSamples(merged, { matchers: [half] }),
      );
      assert.equal(
        halves.reduce((all, half) => all + sum(half.samples.value), 0),
        weight,
      );
      for (const half of halves) assert.deepEqual(checkProfile(half), []);
    }),
  );
});

test('the difference of a tree to itself is nothing', () => {
  fc.assert(
    fc.property(PROFILE, fc.boolean(), (profile, normalised) => {
      const tree = callTree(profile);
      const diff = diffTrees(tree, tree, { normalised });
      assert.equal(diff.length, tree.length);
      assert.deepEqual(diff.beforeTotal, diff.afterTotal);
      assert.deepEqual(diff.beforeSelf, diff.afterSelf);
    }),
  );
});

test('selectSamples() picks by type, labels and time, and clips the range', () => {
  const builder = createProfileBuilder();
  const stack = builder.stack(NONE, builder.frame({ function: builder.function('f') }));
  for (const [pod, timeMs, value] of [
    ['p', 1_000, 1],
    ['p', 2_000, 2],
    ['q', 2_000, 4],
  ] as const) {
    const series = builder.series(labelsOf([['pod', pod]]), CPU);
    builder.sample({ timeMs, series, stack, value });
  }
  const profile = builder.finish(1_000, 2e9);
  const picked = selectSamples(profile, {
    type: CPU,
    matchers: [matcher('pod', '=~', 'p|x')],
    fromMs: 2_000,
    toMs: 3_000,
  });
  assert.deepEqual([...picked.samples.value], [2]);
  assert.equal(picked.series.length, 1);
  assert.deepEqual([picked.startMs, picked.durationNs], [2_000, 1e9]);
  assert.equal(selectSamples(profile, { type: SAMPLES, matchers: [] }).samples.length, 0);
});
