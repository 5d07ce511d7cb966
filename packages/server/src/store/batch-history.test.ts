import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBatchHistory } from './batch-history.ts';

test('ids are kept for their time', () => {
  const history = createBatchHistory({ maxIds: 10, keepMs: 100 });
  history.add('a', 1000);
  history.add('b', 1050);
  history.add('c', 1101);
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => history.has(id)),
    [false, true, true],
  );
  assert.equal(history.forgotten, 0);
});

test('the oldest ids are forgotten where there are too many, and counted', () => {
  const history = createBatchHistory({ maxIds: 2, keepMs: 100 });
  for (const id of ['a', 'b', 'c']) history.add(id, 1000);
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => history.has(id)),
    [false, true, true],
  );
  assert.equal(history.forgotten, 1);
});
