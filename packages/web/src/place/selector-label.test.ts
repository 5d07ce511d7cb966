import assert from 'node:assert/strict';
import test from 'node:test';
import { selectorProblem, withLabel } from './selector-label.ts';

test('withLabel() adds a condition, or takes the place of the one on that label', () => {
  assert.equal(withLabel('', 'pod', 'web-1'), '{pod="web-1"}');
  assert.equal(withLabel('{namespace="shop"}', 'pod', 'a"b'), '{namespace="shop", pod="a\\"b"}');
  assert.equal(withLabel('namespace!=shop, pod=x', 'pod', 'y'), '{namespace!="shop", pod="y"}');
});

test('withLabel() without a value leaves the other conditions', () => {
  assert.equal(withLabel('{pod="a", tier="db"}', 'pod', undefined), '{tier="db"}');
  assert.equal(withLabel('{pod="a"}', 'pod', undefined), '');
});

test('selectorProblem() says what is wrong', () => {
  assert.equal(selectorProblem('{a="b"}'), undefined);
  assert.match(selectorProblem('{a=') ?? '', /expected/);
});
