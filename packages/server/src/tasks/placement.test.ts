import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AgentSchema, InventorySchema } from '@kube-eagle/api';
import { createInventories } from '../inventory/inventories.ts';
import { createLimits } from '../limits.ts';
import { nodesOf, partOn, placed, type Whereabouts } from './placement.ts';
import { formatTarget, type NodeTarget, parseTarget } from './target.ts';

const onNodes = (words: readonly string[]) => words.map(parseTarget) as readonly NodeTarget[];

const agents = (...nodes: readonly string[]) =>
  nodes.map((node) => create(AgentSchema, { id: node, node }));

const nothing = createInventories(createLimits());

function place(
  words: readonly string[],
  nodes: readonly string[],
  { ownNode = 'server', inventories = nothing }: Partial<Whereabouts> = {},
): string[] {
  const whereabouts = { ownNode, inventories };
  return placed(onNodes(words), agents(...nodes), whereabouts).map(formatTarget);
}

test('parseTarget() reads what formatTarget() writes', () => {
  for (const word of [
    'pid/1',
    'pid/4194304@node-1',
    'host',
    'node/ip-10-0-0-1.ec2.internal',
    'container/4f5e',
    `container/${'a'.repeat(64)}@node-1`,
    'unit/nginx.service',
    'unit/getty@tty1.service',
    'unit/my\\x2dapp@1.service@node-1',
    'docker/shop_web-1.x',
    'docker/4f5e@node-1',
    'process/nginx',
    'process/tmux: server@node-1',
  ]) {
    assert.equal(formatTarget(parseTarget(word)), word);
  }
});

test('a word that is no target is refused', () => {
  for (const word of [
    '',
    'pid/',
    'pid/0',
    'pid/4194305',
    'pid/-1',
    'pid/1@',
    'node/',
    'deploy/Web',
    'HOST',
    'node/a b',
    'container/abc',
    'container/XYZW',
    `container/${'a'.repeat(65)}`,
    'unit/nginx',
    'unit/.service@',
    'unit/a/b.service',
    'docker/',
    'docker/-x',
    'docker/a/b',
    'process/',
    'process/a\nb',
  ]) {
    assert.throws(() => parseTarget(word), { code: 'invalid_argument' }, word);
  }
});

test('a target without a node is for the only one, else for the server’s own', () => {
  assert.deepEqual(place(['host', 'pid/7'], ['a']), ['node/a', 'pid/7@a']);
  assert.deepEqual(place(['host', 'pid/7'], ['a', 'server']), ['node/server', 'pid/7@server']);
  assert.throws(() => place(['pid/7'], ['a', 'b']), {
    code: 'invalid_argument',
    message: /of a, b$/,
  });
});

test('a node without an agent is not found, and without any agent nothing can be done', () => {
  assert.deepEqual(place(['node/b', 'pid/7@a', 'pid/7@a'], ['a', 'b']), ['node/b', 'pid/7@a']);
  assert.throws(() => place(['node/c'], ['a', 'b']), { code: 'not_found', message: /a, b$/ });
  assert.throws(() => place(['host'], []), { code: 'failed_precondition' });
});

test('a node measures its own processes, or all if it is asked for whole', () => {
  const targets = placed(
    onNodes([
      'pid/9@a',
      'pid/3@a',
      'node/b',
      'pid/4@b',
      'container/4f5e@a',
      'unit/x.service@a',
      'docker/web@a',
      'process/nginx@a',
    ]),
    agents('a', 'b'),
    { ownNode: 'a', inventories: nothing },
  );
  assert.deepEqual(nodesOf(targets), ['a', 'b']);
  assert.deepEqual(partOn('a', targets), {
    pids: [9, 3],
    containers: ['4f5e'],
    units: ['x.service'],
    dockerNames: ['web'],
    processNames: ['nginx'],
  });
  const empty = { pids: [], containers: [], units: [], dockerNames: [], processNames: [] };
  assert.deepEqual(partOn('b', targets), empty);
});

/** Nodes with one container of Docker and one program each. */
function running(
  entries: readonly (readonly [node: string, container: string, program: string])[],
) {
  const inventories = createInventories(createLimits());
  for (const [node, name, program] of entries) {
    const containers = [{ id: node.repeat(64), runtime: 'docker', name }];
    const processes = [{ name: program, comm: `${program}-main`, unit: `${program}.service` }];
    inventories.put({ id: node, node }, create(InventorySchema, { containers, processes }));
  }
  return { inventories };
}

test('a name without a node is for the node that has it', () => {
  const where = running([
    ['a', 'web', 'nginx'],
    ['b', 'db', 'postgres'],
  ]);
  const words = ['docker/db', 'docker/bbbb', 'process/nginx', 'process/postgres-main'];
  const placedWords = [
    'docker/db@b',
    'docker/bbbb@b',
    'process/nginx@a',
    'process/postgres-main@b',
  ];
  assert.deepEqual(place(words, ['a', 'b'], where), placedWords);
  const others = ['unit/postgres.service', 'container/aaaa'];
  assert.deepEqual(place(others, ['a', 'b'], where), [
    'unit/postgres.service@b',
    'container/aaaa@a',
  ]);
});

test('a name that several nodes have needs one of them', () => {
  const where = running([
    ['a', 'web', 'nginx'],
    ['b', 'web', 'nginx'],
    ['c', 'db', 'redis'],
  ]);
  const message = /several nodes could be meant: .* of a, b$/;
  assert.throws(() => place(['docker/web'], ['a', 'b', 'c'], where), { message });
  const own = { ...where, ownNode: 'b' };
  assert.deepEqual(place(['process/nginx'], ['a', 'b', 'c'], own), ['process/nginx@b']);
});

test('a name that nothing has is refused with the nearest, but tried on the only node', () => {
  const where = running([
    ['a', 'shop-web-1', 'nginx'],
    ['b', 'db', 'redis'],
  ]);
  assert.throws(() => place(['docker/web'], ['a', 'b'], where), {
    code: 'not_found',
    message: /^docker\/web runs on none of a, b\. Did you mean shop-web-1\? .*eagle targets$/,
  });
  assert.throws(() => place(['process/ngnix'], ['a', 'b'], where), { message: /mean nginx\?/ });
  assert.deepEqual(place(['docker/new'], ['a'], where), ['docker/new@a']);
});
