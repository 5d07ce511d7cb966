import assert from 'node:assert/strict';
import test from 'node:test';
import { nearestNames } from './nearest-names.ts';

const NAMES = ['shop-web-1', 'web', 'wbe', 'db', 'Redis', 'cache'];

test('names with the word in them come before those that are spelt like it', () => {
  assert.deepEqual(nearestNames('web', NAMES, 2), ['shop-web-1', 'web']);
  assert.deepEqual(nearestNames('wbe', ['web', 'cache'], 3), ['web']);
  assert.deepEqual(nearestNames('redsi', NAMES, 3), ['Redis']);
  assert.deepEqual(nearestNames('redis1', NAMES, 3), ['Redis']);
  assert.deepEqual(nearestNames('cashe', NAMES, 3), ['cache']);
});

test('nothing is near where nothing is alike, and no more is told than asked for', () => {
  assert.deepEqual(nearestNames('postgres', NAMES, 3), []);
  assert.deepEqual(nearestNames('', NAMES, 3), []);
  assert.deepEqual(nearestNames('b', ['ba', 'bb', 'bc'], 2), ['ba', 'bb']);
});
