import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBpf } from '../../../../scripts/build-bpf.ts';

const check = checkBpf();

test('the committed objects are what their source compiles to', {
  skip: check.kind === 'skipped' && check.reason,
}, () => {
  assert.deepEqual(check, { kind: 'same' });
});
