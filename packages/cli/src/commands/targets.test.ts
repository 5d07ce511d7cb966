import assert from 'node:assert/strict';
import test from 'node:test';
import { runIn, testServer } from '../testing.ts';

const WEB = '4f5e'.repeat(16);
const POD = 'ab'.repeat(32);
const inventories = [
  {
    node: 'n1',
    inventory: {
      containers: [
        { id: WEB, runtime: 'docker', name: 'web', image: 'nginx:1', language: 'java' },
        { id: POD, runtime: 'cri', name: 'app', image: 'app:2', pod: 'app-1', namespace: 'shop' },
        { id: 'cd'.repeat(32), language: 'go' },
      ],
      processes: [
        { name: 'sh', comm: 'sh', containerId: WEB, language: 'c/c++', count: 1, pid: 7 },
        { name: 'java', comm: 'java', containerId: WEB, language: 'java', count: 2, pid: 8 },
        { name: 'python3', comm: 'gunicorn\u001b', containerId: POD, language: 'python', count: 5 },
        { name: 'sshd', comm: 'sshd', unit: 'ssh.service', language: 'c/c++', count: 1, pid: 3 },
      ],
      leftOut: 2,
    },
  },
  { node: 'n2', inventory: {} },
];

test('targets lists what runs on each node by the word to record it', async () => {
  const { out, status } = await runIn(testServer({ inventories }), ['targets']);
  assert.equal(status, 0);
  assert.deepEqual(out.split('\n'), [
    'n1',
    'TARGET                  LANGUAGE    PROCESSES  WHAT',
    'docker/web              java c/c++          3  nginx:1',
    'container/abababababab  python              5  shop/app-1 app  app:2',
    'container/cdcdcdcdcdcd  go                  0',
    'unit/ssh.service        c/c++               1  sshd',
    'process/java            java                2',
    'process/python3         python              5  gunicorn\ufffd',
    'process/sh              c/c++               1',
    'process/sshd            c/c++               1',
    "2 more found no room in the agent's report",
    '',
    'n2',
    'TARGET  LANGUAGE  PROCESSES  WHAT',
    '',
  ]);
});

test('targets of one node, as JSON, and of none', async () => {
  const server = testServer({ inventories });
  const json = await runIn(server, ['targets', '--node', 'n2', '-o', 'json']);
  assert.deepEqual(
    JSON.parse(json.out).nodes.map(({ node }: { node: string }) => node),
    ['n2'],
  );
  const none = await runIn(server, ['targets', '--node', 'n3']);
  assert.deepEqual([none.status, none.out], [1, '']);
  assert.match(none.err, /no agent tells what runs on n3; those there are: eagle agents/);
  assert.match((await runIn(testServer(), ['targets'])).err, /no agent tells what runs; /);
});
