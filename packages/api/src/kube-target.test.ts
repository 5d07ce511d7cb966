import assert from 'node:assert/strict';
import test from 'node:test';
import { formatKubeTarget, parseKubeTarget } from './kube-target.ts';

test("parseKubeTarget() takes kubectl's words for a kind", () => {
  for (const word of ['deploy/web', 'deployment/web', 'deployments/web']) {
    assert.deepEqual(parseKubeTarget(word), { kind: 'Deployment', name: 'web' });
  }
  assert.deepEqual(parseKubeTarget('po/web-0.a'), { kind: 'Pod', name: 'web-0.a' });
});

test('parseKubeTarget() knows no word of another kind, and no name that Kubernetes would refuse', () => {
  for (const word of [
    'pid/7',
    'node/a',
    'deploy',
    'deploy/',
    'deploy/Web',
    'deploy/-a',
    'pod/a/b',
  ]) {
    assert.equal(parseKubeTarget(word), undefined, word);
  }
});

test('formatKubeTarget() gives the shortest word', () => {
  assert.equal(formatKubeTarget({ kind: 'StatefulSet', name: 'db' }), 'sts/db');
  assert.equal(formatKubeTarget({ kind: 'Rollout', name: 'web' }), 'rollout/web');
});
