import assert from 'node:assert/strict';
import test from 'node:test';
import { createProfileBuilder } from '../model/builder.ts';
import { CPU } from '../model/profile-type.ts';
import { truncationCause, truncationName } from '../model/truncation.ts';
import { callTree } from './call-tree.ts';
import { truncations } from './truncations.ts';

test('truncations() tells why stacks were cut, and how much of all they are', () => {
  const builder = createProfileBuilder();
  const series = builder.series([], CPU);
  const add = (
    value: number,
    kind: 'native' | 'abort-marker',
    ...names: readonly string[]
  ): void => {
    let stack: Parameters<typeof builder.stack>[0] = -1;
    for (const [depth, name] of names.entries()) {
      const own = depth === 0 ? kind : 'native';
      stack = builder.stack(stack, builder.frame({ function: builder.function(name), kind: own }));
    }
    builder.sample({ timeMs: 0, series, stack, value });
  };
  add(5, 'native', 'main', '[truncated: not a marker]');
  add(1, 'abort-marker', truncationName('too deep', ''), 'f');
  add(3, 'abort-marker', truncationName('no unwind table', 'libfoo.so'), 'f');
  add(1, 'abort-marker', 'of another profiler', 'f');
  assert.deepEqual(truncations(callTree(builder.finish())), [
    { reason: 'no unwind table in libfoo.so', share: 0.3 },
    { reason: 'of another profiler', share: 0.1 },
    { reason: 'too deep', share: 0.1 },
  ]);
  assert.deepEqual(truncations(callTree(createProfileBuilder().finish())), []);
});

test('truncationCause() reads what truncationName() writes', () => {
  assert.equal(truncationCause(truncationName('broken frame', 'a in b')), 'broken frame');
  assert.equal(truncationCause(truncationName('too deep', '')), 'too deep');
  assert.equal(truncationCause('[truncated: too deeply]'), undefined);
  assert.equal(truncationCause('main'), undefined);
});
