import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import { SelectionSchema } from '@kube-eagle/api';
import { CPU, labelsOf, matches, profileTypeId } from '@kube-eagle/profile';
import { rangeQuery, selectionQuery } from './selection.ts';

const range = { selector: '', fromMs: 0, toMs: 1 };

test('series of tasks are left out unless the selector names them', () => {
  const task = labelsOf([['task_id', '1234']]);
  const other = labelsOf([['pod', 'web-1']]);
  const selects = (selector: string) => {
    const { matchers } = rangeQuery({ ...range, selector });
    return [matches(task, matchers), matches(other, matchers)];
  };
  assert.deepEqual(selects(''), [false, true]);
  assert.deepEqual(selects('{pod=~"web-.*"}'), [false, true]);
  assert.deepEqual(selects('{task_id="1234"}'), [true, false]);
  assert.deepEqual(selects('{task_id=~".*"}'), [true, true]);
});

test('a selection that cannot be meant is refused', () => {
  const sound = { profileType: profileTypeId(CPU), selector: '{}', fromMs: 1, toMs: 2 };
  assert.equal(selectionQuery(create(SelectionSchema, sound)).type.sampleType, 'cpu');
  for (const wrong of [
    { fromMs: 2 },
    { fromMs: 3 },
    { fromMs: Number.NaN },
    { toMs: Number.POSITIVE_INFINITY },
    { fromMs: -1 },
    { toMs: 1e300 },
    { profileType: '' },
    { profileType: 'cpu' },
    { selector: '{' },
    { selector: '{pod=~"("}' },
    { selector: '{pod=~"(a)\\\\1"}' },
  ]) {
    const selection = create(SelectionSchema, { ...sound, ...wrong });
    assert.throws(() => selectionQuery(selection), { code: 'invalid_argument' });
  }
  assert.throws(() => selectionQuery(undefined), { code: 'invalid_argument' });
});
