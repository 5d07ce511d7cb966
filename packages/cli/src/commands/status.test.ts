import assert from 'node:assert/strict';
import test from 'node:test';
import { runIn, testServer } from '../testing.ts';

const findings = [
  { name: 'btf', ok: true, detail: 'found', mend: '' },
  { name: 'libbpf', ok: false, detail: 'libbpf.so.1 is missing', mend: 'apt install libbpf1' },
];
const agents = [
  { agent: { node: 'n1', sampler: 'ebpf', findings }, connected: true },
  { agent: { node: 'n2', findings: [] }, connected: false },
];

test('status shows the server, its store and its limits', async () => {
  const { status, out } = await runIn(testServer({ agents }), ['status']);
  assert.equal(status, 0);
  assert.deepEqual(out.split('\n'), [
    'server  1.2.3 at http://127.0.0.1:4040, up 1m30s',
    'agents  1 connected',
    'store   memory, 0 B, 1m ago to now',
    '        1,234 rows, 0 series, 0 stacks',
    'cluster none is watched: --kubeconfig of the server names one',
    '',
    'LIMIT       VALUE  HITS',
    'tasks_open    100     3',
    '',
  ]);
  const json = await runIn(testServer(), ['status', '-o', 'json']);
  assert.equal(JSON.parse(json.out).store.engine, 'memory');
});

test('agents lists nodes and what is to be mended on them', async () => {
  const { out } = await runIn(testServer({ agents }), ['agents']);
  assert.deepEqual(out.split('\n'), [
    'NODE  STATE             SAMPLER  HZ  LAST WINDOW  TO MEND  ARCH  VERSION  KERNEL',
    'n1    connected         ebpf      0  5s ago             1',
    'n2    gone, seen never            0  5s ago             0',
    '',
  ]);
  assert.match((await runIn(testServer(), ['agents'])).err, /no agents yet/);
});

test('doctor shows what agents found and exits with 1 where something is to be mended', async () => {
  const { status, out, err } = await runIn(testServer({ agents: agents.slice(0, 1) }), ['doctor']);
  assert.equal(status, 1);
  assert.deepEqual(out.split('\n'), [
    '  ok  server  1.2.3 at http://127.0.0.1:4040, 1 of 1 agents connected',
    '',
    'n1',
    '  ok  btf     found',
    '  no  libbpf  libbpf.so.1 is missing',
    '      mend: apt install libbpf1',
    '',
  ]);
  assert.equal(err, 'error: to be mended: libbpf\n');
});

test('version shows that of this command and of the server', async () => {
  const { out } = await runIn(testServer(), ['version']);
  assert.equal(out, 'client  0.0.1\nserver  1.2.3 at http://127.0.0.1:4040\n');
});

test('tasks are listed, shown, watched and cancelled', async () => {
  const outcomes = [{ node: 'n1', state: 'done', samples: 1_500 }];
  const server = testServer({ course: [{ state: 'running' }, { state: 'done', outcomes }] });
  assert.deepEqual((await runIn(server, ['tasks', 'list'])).out.split('\n'), [
    'ID  STATE     AGE  LENGTH  HZ  SAMPLES  TARGETS',
    't1  done   1m ago     10s  99    1,500  host',
    '',
  ]);
  const shown = 't1  done  host  10s at 99 Hz  cpu\n  n1  done  1,500 samples\n';
  assert.equal((await runIn(server, ['tasks', 'get', 't1'])).out, shown);
  assert.equal(
    (await runIn(server, ['tasks', 'watch', 't1'])).out,
    `t1  running  host  10s at 99 Hz  cpu\n${shown}`,
  );
  assert.equal((await runIn(server, ['tasks', 'cancel', 't1'])).status, 0);
  assert.deepEqual(server.cancels, ['t1']);
  const unknown = await runIn(server, ['tasks', 'get', 't2']);
  assert.deepEqual([unknown.status, unknown.err], [1, 'error: no task t2\n']);
});

test('doctor of a process gives what the agent beside the command says of it', async () => {
  const text = await runIn(testServer(), ['doctor', 'pid/7']);
  assert.deepEqual([text.status, text.out], [0, 'pid/7 as text\n']);
  const json = await runIn(testServer(), ['doctor', 'pid/7', '-o', 'json']);
  assert.equal(json.out, 'pid/7 as json\n');
  const gone = await runIn(testServer(), ['doctor', 'pid/8']);
  assert.deepEqual([gone.status, gone.err], [1, 'error: no process pid/8\n']);
  const wrong = await runIn(testServer(), ['doctor', 'pod/web']);
  assert.equal(wrong.status, 2);
  assert.match(
    wrong.err,
    /expected a process or container of this machine such as pid\/1234 or container\/4f5e, got "pod\/web"/,
  );
});
