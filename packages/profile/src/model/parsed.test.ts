import assert from 'node:assert/strict';
import test from 'node:test';
import { createProblems } from './parsed.ts';

test('problems keep the first ones and count the others', () => {
  const problems = createProblems(2);
  for (const name of ['a', 'b', 'c', 'd']) problems.add(name);
  assert.deepEqual(problems.list(), ['a', 'b', 'and 2 more problems']);
});
