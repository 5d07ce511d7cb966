import assert from 'node:assert/strict';
import test from 'node:test';
import { formatLabels, labelsOf } from '@kube-eagle/profile';
import { joinContainerId } from './identity.ts';

const ID = '0123456789abcdef'.repeat(4);

test('joinContainerId() names a container by the first digits of its id', () => {
  const joined = joinContainerId(labelsOf([['container_id', ID]]));
  assert.equal(formatLabels(joined), `{container="0123456789ab", container_id="${ID}"}`);
});

test('joinContainerId() keeps a better name, and leaves alone what is in no container', () => {
  const named = labelsOf([
    ['container_id', ID],
    ['container', 'web'],
  ]);
  const host = labelsOf([['process', 'sshd']]);
  assert.equal(joinContainerId(named), named);
  assert.equal(joinContainerId(host), host);
});
