import assert from 'node:assert/strict';
import test from 'node:test';
import { treeOf } from '@kube-eagle/profile/testing';
import { nameOf } from './path.ts';
import { type Step, stepFrom } from './step.ts';

const TREE = treeOf('main;a 1', 'main;b;x 5', 'main;c 2', 'swap 1');

/** Names on the way from the root. */
function walk(...steps: Step[]): string {
  let row = 0;
  return steps
    .map((step) => {
      row = stepFrom(TREE, row, step);
      return nameOf(TREE, row);
    })
    .join(' ');
}

test('stepFrom() goes to the largest callee, along siblings, and back to the caller', () => {
  assert.equal(walk('callee', 'callee', 'next', 'previous', 'previous'), 'main b c b a');
  assert.equal(walk('callee', 'callee', 'callee', 'caller', 'last', 'first'), 'main b x b c a');
});

test('stepFrom() stays where there is no further row', () => {
  assert.equal(
    walk('caller', 'next', 'callee', 'next', 'next', 'callee'),
    'total total main swap swap swap',
  );
});
