import assert from 'node:assert/strict';
import test from 'node:test';
import { matcher } from '@kube-eagle/profile';
import { linearMatcher } from './linear-matcher.ts';

test('a pattern that backtracks for ever elsewhere ends', () => {
  // Backtracking would take about 2^5000 steps: this test ends only if there is none.
  const { test: matches } = linearMatcher(matcher('pod', '=~', '(a+)+b'));
  assert.equal(matches('a'.repeat(5_000)), false);
  assert.equal(matches(`${'a'.repeat(5_000)}b`), true);
});

test('linear conditions match whole values, and the negated ones all others', () => {
  const some = linearMatcher(matcher('pod', '=~', 'web-.*|db'));
  const others = linearMatcher(matcher('pod', '!~', 'web-.*|db'));
  for (const [value, expected] of [
    ['web-1', true],
    ['db', true],
    ['db-1', false],
    ['my-web-1', false],
    ['', false],
    ['web-\n', true],
  ] as const) {
    assert.equal(some.test(value), expected, value);
    assert.equal(others.test(value), !expected, value);
  }
});

test('a pattern that needs backtracking is refused', () => {
  for (const pattern of ['(?=a)b', '(a)\\1', '(a{1000}){1000}']) {
    assert.throws(() => linearMatcher(matcher('pod', '=~', pattern)), { code: 'invalid_argument' });
  }
});

test('equality stays as it is', () => {
  const equal = matcher('pod', '=', '(a+)+');
  assert.equal(linearMatcher(equal), equal);
});
