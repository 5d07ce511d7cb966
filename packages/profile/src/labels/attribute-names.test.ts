import assert from 'node:assert/strict';
import test from 'node:test';
import { attributeOfLabel, impliedLabels, labelOfAttribute } from './attribute-names.ts';

test('labels travel under the names OpenTelemetry has for them', () => {
  assert.equal(attributeOfLabel('pod'), 'k8s.pod.name');
  assert.equal(labelOfAttribute('k8s.pod.name'), 'pod');
  assert.equal(attributeOfLabel('own'), 'own');
});

test('an attribute nobody knows becomes a label that may be one', () => {
  assert.equal(labelOfAttribute('otel.scope-name'), 'otel_scope_name');
  assert.equal(labelOfAttribute('7up'), '_7up');
});

test('a host is a node, and the owner of all owners is the workload', () => {
  assert.deepEqual(
    impliedLabels([
      ['k8s_deployment_name', 'web'],
      ['k8s_replicaset_name', 'web-5d9'],
      ['host_name', 'n1'],
    ]),
    [
      ['node', 'n1'],
      ['workload', 'web'],
      ['workload_kind', 'Deployment'],
    ],
  );
  assert.deepEqual(
    impliedLabels([
      ['workload', 'db'],
      ['k8s_job_name', 'backup'],
    ]),
    [],
  );
});
