import assert from 'node:assert/strict';
import test from 'node:test';
import { formatLabels, labelsOf } from '@kube-eagle/profile';
import { seriesLabels } from '../export/series-labels.ts';
import { containerLabels } from './container-labels.ts';
import { soundContainer, type ToldContainer } from './container-source.ts';

const ID = 'ab'.repeat(32);

function drawn(told: Partial<ToldContainer>, chosen: readonly string[] = []): string {
  const container = soundContainer('docker', { id: ID, name: '', image: '', labels: {}, ...told });
  assert.ok(container);
  return formatLabels(labelsOf(containerLabels(container, chosen)));
}

test('a container of Docker is its own service, or one of Compose', () => {
  const told = { name: 'web-1', image: 'nginx:1' };
  assert.equal(drawn(told), '{container="web-1", image="nginx:1", service_name="web-1"}');
  const labels = { 'com.docker.compose.service': 'web' };
  assert.match(drawn({ ...told, labels }), /container="web-1".*service_name="web"/);
});

test('a container of Kubernetes is called as in its pod', () => {
  const labels = {
    'io.kubernetes.container.name': 'app',
    'io.kubernetes.pod.name': 'app-1',
    'io.kubernetes.pod.namespace': 'shop',
  };
  assert.equal(
    drawn({ name: 'k8s_app_app-1_shop', labels }),
    '{container="app", namespace="shop", pod="app-1", service_name="app"}',
  );
});

test('chosen labels are kept under names that labels may have, and pass for none of ours', () => {
  const labels = { 'com.example/team': 'blue', node: 'evil', container: 'evil', task_id: 'evil' };
  const chosen = ['com.example/team', 'node', 'container', 'task_id', 'absent'];
  const text = drawn({ name: 'web', labels }, chosen);
  assert.match(text, /com_example_team="blue".*container="web"/);
  const container = soundContainer('docker', { id: ID, name: 'web', image: '', labels });
  assert.ok(container);
  const process = { pid: 1, startTicks: 1, comm: 'a', exe: '/a', containerId: ID, unit: '' };
  const origin = { node: 'n1', profiler: 'ebpf', taskId: '' };
  const series = seriesLabels(process, false, origin, () => containerLabels(container, chosen));
  assert.doesNotMatch(formatLabels(series), /evil/);
});
