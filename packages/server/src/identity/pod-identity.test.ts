import assert from 'node:assert/strict';
import test from 'node:test';
import { formatLabels, labelsOf } from '@kube-eagle/profile';
import { openTestCluster } from '../targets/testing.ts';
import { createPodIdentity } from './pod-identity.ts';

const ID = '0123456789abcdef'.repeat(4);
const POD = {
  owner: 'ReplicaSet/web-1',
  node: 'node-a',
  labels: { 'app.kubernetes.io/part-of': 'shop', team: 'checkout' },
  containers: { main: ID },
};

async function joining(podLabels: readonly string[] = []) {
  const shop = openTestCluster();
  shop.put('ReplicaSet', 'web-1', { owner: 'Deployment/web' });
  await shop.seen();
  const outcomes: string[] = [];
  const join = createPodIdentity({
    cluster: shop.cluster,
    podLabels,
    joined: (outcome) => outcomes.push(outcome),
  });
  const joined = (entries: Readonly<Record<string, string>>): string =>
    formatLabels(join(labelsOf(Object.entries(entries))));
  return { ...shop, joined, outcomes };
}

test('a series of a container gets its pod, its workload and the chosen labels', async () => {
  await using shop = await joining(['app.kubernetes.io/part-of', 'absent']);
  shop.put('Pod', 'web-1-a', POD);
  await shop.seen();
  const sent = { container_id: ID, node: 'node-a', service_name: ID.slice(0, 12) };
  assert.equal(
    shop.joined(sent),
    `{app_kubernetes_io_part_of="shop", container="main", container_id="${ID}", namespace="shop", node="node-a", pod="web-1-a", service_name="web", workload="web", workload_kind="Deployment"}`,
  );
  assert.deepEqual(shop.outcomes, ['joined']);
});

test("a service's name is the sender's, else the pod's annotation, else the workload", async () => {
  await using shop = await joining();
  const annotations = { 'resource.opentelemetry.io/service.name': 'front' };
  shop.put('Pod', 'web-1-a', { ...POD, annotations });
  await shop.seen();
  const short = ID.slice(0, 12);
  assert.match(shop.joined({ container_id: ID, service_name: 'mine' }), /service_name="mine"/);
  for (const fallback of [short, 'main']) {
    const sent = { container_id: ID, service_name: fallback };
    assert.match(shop.joined(sent), /service_name="front"/);
  }
  assert.match(shop.joined({ container_id: ID }), /service_name="front"/);
});

test('a sender does not choose the namespace of a container that the cluster knows', async () => {
  await using shop = await joining(['team']);
  shop.put('Pod', 'web-1-a', POD);
  await shop.seen();
  const joined = shop.joined({ container_id: ID, namespace: 'bank', pod: 'p', team: 'sent' });
  assert.match(joined, /namespace="shop".* pod="web-1-a".* team="sent"/);
});

test('a pod that comes late is named from then on; before, its container is by its id', async () => {
  await using shop = await joining();
  const short = `{container="${ID.slice(0, 12)}", container_id="${ID}"}`;
  assert.equal(shop.joined({ container_id: ID }), short);
  shop.put('Pod', 'web-1-a', { ...POD, containers: {} });
  await shop.seen();
  assert.equal(shop.joined({ container_id: ID }), short);
  shop.put('Pod', 'web-1-a', POD);
  await shop.seen();
  assert.match(shop.joined({ container_id: ID }), /pod="web-1-a"/);
  assert.deepEqual(shop.outcomes, ['unknown', 'unknown', 'joined']);
});

test('what comes after the end of its pod is still named', async () => {
  await using shop = await joining();
  shop.put('Pod', 'web-1-a', POD);
  await shop.seen();
  shop.remove('Pod', 'web-1-a');
  shop.remove('ReplicaSet', 'web-1');
  await shop.seen();
  assert.match(shop.joined({ container_id: ID }), /pod="web-1-a"/);
});

test('a pod without an owner, or of a node, is its own workload', async () => {
  await using shop = await joining();
  shop.put('Pod', 'alone', { containers: { main: 'aa' } });
  shop.put('Pod', 'etcd-a', { owner: 'Node/node-a', containers: { main: 'bb' } });
  await shop.seen();
  assert.match(shop.joined({ container_id: 'aa' }), /workload="alone", workload_kind="Pod"/);
  assert.match(shop.joined({ container_id: 'bb' }), /workload="etcd-a", workload_kind="Pod"/);
});

test('what is in no container is left as it was', async () => {
  await using shop = await joining();
  assert.equal(shop.joined({ process: 'sshd' }), '{process="sshd"}');
  assert.deepEqual(shop.outcomes, []);
});
