import assert from 'node:assert/strict';
import test from 'node:test';
import { labelsOf } from '../labels/labels.ts';
import { createProfileBuilder } from './builder.ts';
import { checkProfile } from './check.ts';
import { FRAME_KINDS, NONE } from './profile.ts';
import { CPU, parseProfileTypeId, profileTypeId } from './profile-type.ts';

test('a builder gives equal things one row', () => {
  const builder = createProfileBuilder();
  assert.equal(builder.string(''), 0);
  assert.equal(builder.string('x'), builder.string('x'));
  assert.equal(builder.function('f', 'a.c', 3), builder.function('f', 'a.c', 3));
  assert.notEqual(builder.function('f', 'a.c', 3), builder.function('f', 'b.c', 3));
  assert.equal(builder.mapping('libc.so', 'ab'), builder.mapping('libc.so', 'ab'));
  const frame = builder.frame({ function: builder.function('f'), kind: 'go', line: 7 });
  assert.equal(frame, builder.frame({ function: builder.function('f'), kind: 'go', line: 7 }));
  assert.notEqual(frame, builder.frame({ function: builder.function('f'), kind: 'go', line: 8 }));
  const root = builder.stack(NONE, frame);
  assert.equal(builder.stack(root, frame), builder.stack(root, frame));
  const labels = labelsOf([['pod', 'a']]);
  assert.equal(builder.series(labels, CPU), builder.series(labels, CPU));
  assert.notEqual(builder.series(labels, CPU), builder.series(labels, { ...CPU, name: 'wall' }));
});

test('a builder gives the columns it was told', () => {
  const builder = createProfileBuilder();
  const frame = builder.frame({
    function: builder.function('f', 'f.go', 10),
    mapping: builder.mapping('/bin/f', 'abcd'),
    address: 2 ** 47,
    kind: 'go',
    inlined: true,
  });
  const series = builder.series([], CPU, 1e7);
  builder.sample({ timeMs: 5, series, stack: builder.stack(NONE, frame), value: 2.5 });
  builder.quality({
    timeMs: 5,
    series,
    taken: 4,
    lost: 3,
    truncated: 2,
    unsymbolized: 1,
    guessed: 0,
  });
  assert.equal(builder.sampleCount, 1);
  const profile = builder.finish(5, 1e9);
  assert.deepEqual(profile.strings, ['', 'f', 'f.go', '/bin/f', 'abcd']);
  assert.deepEqual([...profile.frames.address], [2 ** 47]);
  assert.equal(FRAME_KINDS[profile.frames.kind[0] ?? 0], 'go');
  assert.deepEqual([...profile.frames.inlined], [1]);
  assert.deepEqual([...profile.series.period], [1e7]);
  assert.deepEqual([...profile.samples.value], [2.5]);
  assert.deepEqual([...profile.quality.lost], [3]);
  assert.deepEqual([profile.startMs, profile.durationNs], [5, 1e9]);
  assert.deepEqual(checkProfile(profile), []);
});

test('an empty profile is sound', () => {
  assert.deepEqual(checkProfile(createProfileBuilder().finish()), []);
});

test('a profile type and its id are one', () => {
  assert.equal(profileTypeId(CPU), 'process_cpu:cpu:nanoseconds:cpu:nanoseconds');
  assert.deepEqual(parseProfileTypeId(profileTypeId(CPU)), CPU);
  for (const id of ['', 'cpu', 'a:b:c:d', ':b:c:d:e', 'a::c:d:e', 'a:b:c:d:e:f']) {
    assert.equal(parseProfileTypeId(id), undefined);
  }
});
