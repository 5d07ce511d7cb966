import assert from 'node:assert/strict';
import test from 'node:test';
import { profileOf } from '../testing.ts';
import { checkProfile } from './check.ts';
import type { Profile } from './profile.ts';

const sound = profileOf('a;b 1', 'a 2');

const wrong: Readonly<Record<string, Profile>> = {
  'strings: row 0 is not the empty string': { ...sound, strings: ['a', 'b', 'c'] },
  'functions.name: row 1 is 9, expected 0 to 2': {
    ...sound,
    functions: { ...sound.functions, name: Int32Array.of(1, 9) },
  },
  'frames.function: row 0 is -2, expected -1 to 1': {
    ...sound,
    frames: { ...sound.frames, function: Int32Array.of(-2, 0) },
  },
  'frames.kind: row 0 is 99, expected 0 to 14': {
    ...sound,
    frames: { ...sound.frames, kind: Uint8Array.of(99, 0) },
  },
  'stacks.parent: row 1 is 1, expected -1 to 0': {
    ...sound,
    stacks: { ...sound.stacks, parent: Int32Array.of(-1, 1) },
  },
  'stacks.frame: expected 2 rows, got 1': {
    ...sound,
    stacks: { ...sound.stacks, frame: Int32Array.of(0) },
  },
  'series: expected 1 labels and types': { ...sound, series: { ...sound.series, labels: [] } },
  'samples.stack: row 0 is 2, expected -1 to 1': {
    ...sound,
    samples: { ...sound.samples, stack: Int32Array.of(2, 0) },
  },
  'samples.value: row 1 is NaN, expected a finite number': {
    ...sound,
    samples: { ...sound.samples, value: Float64Array.of(1, Number.NaN) },
  },
  'quality.lost: expected 0 rows, got 1': {
    ...sound,
    quality: { ...sound.quality, lost: Float64Array.of(1) },
  },
};

test('checkProfile() finds nothing wrong with a sound profile', () => {
  assert.deepEqual(checkProfile(sound), []);
});

for (const [problem, profile] of Object.entries(wrong)) {
  test(`checkProfile() finds ${problem}`, () => {
    assert.deepEqual(checkProfile(profile), [problem]);
  });
}
