import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EagleError } from '@kube-eagle/profile';
import { createSilentTelemetry } from '../telemetry.ts';
import type { Container, ContainerSource } from './container-source.ts';
import { createContainerTable } from './container-table.ts';
import { followContainers } from './follow-containers.ts';
import { createMemorySource } from './memory-source.ts';
import { createUnknownContainers } from './unknown-containers.ts';

const container = (digit: string, name = `c${digit}`): Container => ({
  ...{ id: digit.repeat(64), runtime: 'docker', name, image: 'i', pod: '', namespace: '' },
  labels: new Map(),
});
const ID = (digit: string): string => digit.repeat(64);

function tableOf(limit: number, ...containers: readonly Container[]) {
  const unknown = createUnknownContainers(8);
  const dropped: string[] = [];
  const onDropped = (): void => void dropped.push('one');
  const table = createContainerTable({ limit, unknown, onDropped });
  table.apply('docker', { kind: 'all', containers });
  return { table, unknown, dropped };
}

test('a container is known by its id until after its end, and by its name until then', () => {
  const { table } = tableOf(8, container('a', 'web'), container('b'));
  assert.equal(table.named('web').kind, 'found');
  table.apply('docker', { kind: 'all', containers: [container('b')] });
  assert.equal(table.find(ID('a'))?.name, 'web');
  assert.deepEqual(table.named('web'), { kind: 'none', names: ['cb'] });
});

test('a name is a whole name or the begin of an id', () => {
  const { table } = tableOf(8, container('a', 'web'), {
    ...container('b'),
    id: `aaaa${'c'.repeat(60)}`,
  });
  assert.deepEqual(table.named('aaaa'), { kind: 'ambiguous', names: ['cb', 'web'] });
  assert.deepEqual(table.named('aaaac').kind, 'found');
  assert.deepEqual(table.named('we'), { kind: 'none', names: ['cb', 'web'] });
  table.apply('cri', { kind: 'runs', container: { ...container('d', 'pod'), runtime: 'cri' } });
  assert.equal(table.named('pod').kind, 'none');
});

test('one runtime says nothing of what another runs', () => {
  const { table } = tableOf(8, container('a', 'web'));
  table.apply('cri', { kind: 'all', containers: [] });
  assert.equal(table.named('web').kind, 'found');
});

test('more containers than there is room for are counted', () => {
  const { table, dropped } = tableOf(2, container('a'), container('b'), container('c'));
  assert.deepEqual([dropped.length, table.find(ID('c'))], [1, undefined]);
});

test('an unknown container is asked for, but not for ever', () => {
  const { table, unknown } = tableOf(8);
  for (let time = 0; time < 9; time++) table.find(ID('a'));
  table.find('');
  assert.equal(unknown.times, 3);
  table.apply('docker', { kind: 'runs', container: container('a') });
  table.find(ID('a'));
  assert.equal(unknown.times, 3);
});

test('a source that breaks is opened again, and another goes on meanwhile', async () => {
  const { table } = tableOf(8);
  const memory = createMemorySource();
  let opened = 0;
  const broken: ContainerSource = {
    runtime: 'cri',
    // biome-ignore lint/correctness/useYield: it breaks before it tells of anything
    async *watch() {
      opened++;
      throw new EagleError('unavailable', 'no');
    },
  };
  const telemetry = createSilentTelemetry();
  const over = new AbortController();
  const ports = { table, telemetry, retryMs: 1, random: () => 1, onChange: () => {} };
  const following = followContainers({ ...ports, sources: [memory, broken] }, over.signal);
  while (opened < 3) await turn();
  memory.start(container('a', 'web'));
  while (table.named('web').kind !== 'found') await turn();
  memory.fail(new Error('gone'));
  while (telemetry.counters().container_source_failures < 5) await turn();
  memory.start(container('b', 'db'));
  while (table.named('db').kind !== 'found') await turn();
  assert.equal(table.named('web').kind, 'found');
  over.abort();
  await following;
});
