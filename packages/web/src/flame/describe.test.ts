import assert from 'node:assert/strict';
import test from 'node:test';
import { layOutFlame } from '@kube-eagle/profile';
import { treeOf } from '@kube-eagle/profile/testing';
import { factsOf, sentenceOf } from './describe.ts';

const LAYOUT = layOutFlame(treeOf('main;a 1000000', 'main;b 3000000'));

test('factsOf() gives shares of all, and of the zoom while there is one', () => {
  assert.deepEqual(factsOf(LAYOUT, 2, { unit: 'nanoseconds', zoomRow: 0 }), [
    ['Total', '1 ms · 25.0 %'],
    ['Self', '1 ms · 25.0 %'],
  ]);
  assert.deepEqual(factsOf(LAYOUT, 2, { unit: 'nanoseconds', zoomRow: 2 }).at(-1), [
    'Of the zoom',
    '100.0 %',
  ]);
});

test('sentenceOf() says where a function stands', () => {
  assert.equal(sentenceOf(LAYOUT.tree, 3), 'b, 75.0 % total, 75.0 % self, 2 of 2');
  assert.equal(sentenceOf(LAYOUT.tree, 0), 'everything, 100.0 % total, 0.0 % self');
});
