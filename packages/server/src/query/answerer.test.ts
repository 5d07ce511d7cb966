import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeFlameTree } from '@kube-eagle/api';
import { draw, profileOf } from '@kube-eagle/profile/testing';
import { createAnswerer } from './answerer.ts';

const profile = profileOf('main;work;read 5', 'main;work 2', 'main;rest 1');
const signal = new AbortController().signal;

for (const [where, inlineStacks] of [
  ['at once', 1_000],
  ['in the worker', 0],
] as const) {
  test(`answers made ${where} are those of the profile`, async () => {
    await using answerer = createAnswerer(inlineStacks);
    const flame = await answerer.answer(
      'flame',
      profile,
      { maxNodes: 3, path: [], isBottomUp: false },
      signal,
    );
    assert.deepEqual(draw(decodeFlameTree(flame.columns)), ['main 8', '  work 7']);
    assert.equal(flame.cutNodes, 2);
    const below = { maxNodes: 10, path: ['main', 'work'], isBottomUp: false };
    const part = await answerer.answer('flame', profile, below, signal);
    assert.deepEqual(draw(decodeFlameTree(part.columns)), ['read 5']);
    const top = await answerer.answer('top', profile, { limit: 2 }, signal);
    assert.deepEqual(
      top.functions.map(({ name, self, total }) => [name, self, total]),
      [
        ['read', 5, 5],
        ['work', 2, 7],
      ],
    );
    assert.deepEqual([top.total, top.leftOut], [8, 2]);
  });

  test(`a path that is not there is not found ${where}, and the next answer comes`, async () => {
    await using answerer = createAnswerer(inlineStacks);
    const nowhere = { maxNodes: 10, path: ['main', 'sleep'], isBottomUp: false };
    await assert.rejects(answerer.answer('flame', profile, nowhere, signal), { code: 'not_found' });
    const { total } = await answerer.answer('top', profile, { limit: 1 }, signal);
    assert.equal(total, 8);
  });
}

test('a tree from the leaves up is turned before it is cut, so callers keep their shares', async () => {
  await using answerer = createAnswerer();
  const cart = profileOf('cart;price;parse 5', 'list;parse 3', 'a;b;c;d 1', 'a;b;c;e 1');
  const question = { maxNodes: 4, path: [], isBottomUp: true };
  const { columns, cutNodes } = await answerer.answer('flame', cart, question, signal);
  assert.deepEqual(draw(decodeFlameTree(columns)), ['parse 8', '  price 5', '    cart 5']);
  assert.equal(cutNodes, 9);
  const below = { maxNodes: 10, path: ['parse', 'list'], isBottomUp: true };
  const callers = await answerer.answer('flame', cart, below, signal);
  assert.deepEqual([...decodeFlameTree(callers.columns).total], [3]);
});

test('whoever leaves does not wait for the worker', async () => {
  await using answerer = createAnswerer(0);
  const leaving = new AbortController();
  const answer = answerer.answer('top', profile, { limit: 1 }, leaving.signal);
  leaving.abort(new Error('left'));
  await assert.rejects(answer, { message: 'left' });
});
