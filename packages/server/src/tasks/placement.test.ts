import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AgentSchema } from '@kube-eagle/api';
import { nodesOf, partOn, placed } from './placement.ts';
import { formatTarget, type NodeTarget, parseTarget } from './target.ts';

const onNodes = (words: readonly string[]) => words.map(parseTarget) as readonly NodeTarget[];

const agents = (...nodes: readonly string[]) =>
  nodes.map((node) => create(AgentSchema, { id: node, node }));

function place(words: readonly string[], nodes: readonly string[], ownNode = 'server'): string[] {
  return placed(onNodes(words), agents(...nodes), ownNode).map(formatTarget);
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
    onNodes(['pid/9@a', 'pid/3@a', 'node/b', 'pid/4@b', 'container/4f5e@a', 'unit/x.service@a']),
    agents('a', 'b'),
    'a',
  );
  assert.deepEqual(nodesOf(targets), ['a', 'b']);
  assert.deepEqual(partOn('a', targets), {
    pids: [9, 3],
    containers: ['4f5e'],
    units: ['x.service'],
  });
  assert.deepEqual(partOn('b', targets), { pids: [], containers: [], units: [] });
});
