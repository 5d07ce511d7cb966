import assert from 'node:assert/strict';
import test from 'node:test';
import { termOf } from '../flame/search.ts';
import { sortFunctions } from './sort-functions.ts';

const FUNCTIONS = [
  { name: 'b', self: 1, total: 9 },
  { name: 'a', self: 1, total: 2 },
  { name: 'main', self: 0, total: 10 },
];

test('sortFunctions() sorts by any column, and equal values by name', () => {
  const sorted = (sort: 'self' | 'total' | 'name', ascending: boolean): string =>
    sortFunctions(FUNCTIONS, { sort, ascending }, undefined)
      .map(({ name }) => name)
      .join(' ');
  assert.equal(sorted('self', false), 'a b main');
  assert.equal(sorted('self', true), 'main a b');
  assert.equal(sorted('total', false), 'main b a');
  assert.equal(sorted('name', false), 'main b a');
});

test('sortFunctions() keeps what the search finds', () => {
  const found = sortFunctions(FUNCTIONS, { sort: 'name', ascending: true }, termOf('^.$'));
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a', 'b'],
  );
});
