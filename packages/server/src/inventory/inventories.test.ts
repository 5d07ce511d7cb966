import assert from 'node:assert/strict';
import test from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { InventorySchema } from '@kube-eagle/api';
import { createLimits } from '../limits.ts';
import { parseTarget } from '../tasks/target.ts';
import { createInventories, type Inventories } from './inventories.ts';

const put = (
  inventories: Inventories,
  node: string,
  inventory: MessageInitShape<typeof InventorySchema>,
): void => inventories.put({ id: `id-${node}`, node }, create(InventorySchema, inventory));

const nodesWith = (inventories: Inventories, word: string): string => {
  const target = parseTarget(word);
  if (target.kind === 'host' || target.kind === 'node' || target.kind === 'pods') return '';
  return inventories.nodesWith(target).join(' ');
};

test('what runs is found by any name it has, until its agent leaves', () => {
  const inventories = createInventories(createLimits());
  const id = 'ab'.repeat(32);
  const containers = [{ id, runtime: 'docker', name: 'web' }];
  const processes = [{ name: 'python3', comm: 'gunicorn', unit: 'web.service' }];
  put(inventories, 'b', { containers, processes });
  put(inventories, 'a', { containers: [{ id: 'cd'.repeat(32), runtime: 'cri', name: 'web' }] });
  const words = ['docker/web', 'docker/abab', 'container/abab', 'unit/web.service'];
  words.push('process/python3', 'process/gunicorn', 'docker/cdcd', 'docker/we', 'pid/1');
  assert.deepEqual(
    words.map((word) => nodesWith(inventories, word)),
    ['b', 'b', 'b', 'b', 'b', 'b', '', '', ''],
  );
  assert.deepEqual(
    inventories.all().map(({ node }) => node),
    ['a', 'b'],
  );
  inventories.forget('id-b');
  assert.equal(nodesWith(inventories, 'docker/web'), '');
});

test('a report that is too large is refused, and the one before it goes', () => {
  const limits = createLimits({ inventory_bytes: 100 });
  const inventories = createInventories(limits);
  const named = (name: string) => ({ processes: [{ name }] });
  put(inventories, 'a', named('x'.repeat(60)));
  put(inventories, 'a', named('y'.repeat(60)));
  assert.throws(() => put(inventories, 'b', named('z'.repeat(60))), { code: 'resource_exhausted' });
  assert.equal(limits.list().find(({ name }) => name === 'inventory_bytes')?.hits, 1);
  const long = /at most 256 characters/;
  assert.throws(() => put(inventories, 'c', named('z'.repeat(257))), { message: long });
  const many = { processes: Array.from({ length: 10_001 }, () => ({})) };
  assert.throws(() => put(inventories, 'c', many), { message: /at most 10000 containers/ });
});
