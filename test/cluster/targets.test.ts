import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_NODE_FLAGS } from '../../packages/agent/src/node-flags.ts';
import {
  type FaultyProxy,
  openFaultyProxy,
} from '../../packages/server/src/targets/faulty-proxy.ts';
import { readKubeConfig } from '../../packages/server/src/targets/kube-config.ts';
import { openKubeHttp } from '../../packages/server/src/targets/kube-http.ts';
import { createTokenSource } from '../../packages/server/src/targets/kube-token.ts';
import { eagle, freePort, type Running, run, start, temporaryFolder } from '../harness.ts';
import { noCluster, openRealCluster, type RealCluster } from './cluster.ts';

const FOLDER = import.meta.dirname;
const NAMESPACE = 'eagle-shop';
const FAKE_NODE = 'eagle-fake';
const FAKE_PODS = 2_000;

/** What the test is over. */
interface Stand {
  readonly cluster: RealCluster;
  readonly proxy: FaultyProxy;
  readonly url: string;
  /** Runs `eagle` against the server; fails with its output where that fails. */
  ask(...words: readonly string[]): Promise<string>;
}

/** A kubeconfig for the proxy, which needs no credentials. */
const proxied = (url: string): string =>
  JSON.stringify({
    'current-context': 'proxied',
    clusters: [{ name: 'proxied', cluster: { server: url } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'proxied', context: { cluster: 'proxied', user: 'nobody' } }],
  });

test('deployments of a real cluster', {
  skip: noCluster() ?? false,
  timeout: 400_000,
}, async (t) => {
  await using cluster = await openRealCluster();
  const access = readKubeConfig(cluster.kubeconfig);
  using api = openKubeHttp(
    access,
    createTokenSource(access.credentials, { nowMs: Date.now, env: {} }),
  );
  await using proxy = await openFaultyProxy(api);
  using folder = temporaryFolder();
  await cluster.image('eagle-busy:1', join(FOLDER, 'busy.c'));
  // What an earlier run has left may still be on its way out.
  const gone = ['--ignore-not-found', '--wait', '--timeout=90s'];
  await cluster.kubectl('delete', 'namespace', NAMESPACE, ...gone);
  await cluster.kubectl('apply', '-f', join(FOLDER, 'shop.yaml'));
  await cluster.kubectl('-n', NAMESPACE, 'rollout', 'status', 'deploy/web', '--timeout=60s');
  const kubeconfig = join(folder.path, 'kubeconfig');
  writeFileSync(kubeconfig, proxied(proxy.url));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await using server = start('node', [
    'packages/server/src/main.ts',
    ...['--port', `${port}`, '--data', ':memory:', '--kubeconfig', kubeconfig],
    ...['--pod-labels', 'team'],
  ]);
  await server.waitFor(/listening/, 60_000);
  const nodeName = 'jsonpath={.items[0].spec.nodeName}';
  const node = await cluster.kubectl('-n', NAMESPACE, 'get', 'pods', '-o', nodeName);
  await using agent = startAgent(url, node, folder.path);
  const ask = async (...words: readonly string[]): Promise<string> => {
    const { status, output } = await eagle(url, words);
    assert.equal(status, 0, output);
    return output;
  };
  while (!(await ask('agents')).includes('connected')) await sleep(500);
  const stand: Stand = { cluster, proxy, url, ask };
  try {
    await t.test('a deployment is recorded on its node as one profile', () => recordsWhole(stand));
    await t.test('a pod deleted during a recording is named', () => namesLostPod(stand));
    await t.test('wrong names are answered with what there is', () => refusesWrongNames(stand));
    await t.test('thousands of pods resolve without a request', (sub) => asksNothing(sub, stand));
    await t.test('a cache converges after each fault of the API', () => converges(stand));
  } finally {
    await cluster.removeFakePods(FAKE_NODE);
    await cluster.kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
    await run('kill', ['-TERM', String(agent.pid)]);
    await agent.exit;
  }
});

function startAgent(url: string, node: string, folder: string): Running {
  return start('node', [
    ...AGENT_NODE_FLAGS,
    'packages/agent/src/main.ts',
    ...['--server', url, '--node', node, '--data', join(folder, 'agent'), '--rate', '1'],
  ]);
}

async function recordsWhole({ ask }: Stand): Promise<void> {
  const resolved = await ask('targets', 'svc/front', '-n', NAMESPACE);
  assert.equal(resolved.match(/ deploy\/web /g)?.length, 6, resolved);
  const said = await ask('record', 'deploy/web', '-n', NAMESPACE, '-d', '4s', '-o', 'folded');
  assert.match(said, /burn_in_pod/);
  assert.match(said, /task \w+ done/);
  const [, id = ''] = /task (\w+) done/.exec(said) ?? [];
  const pods = await ask(
    'labels',
    'pod',
    '-l',
    `task_id=${id},namespace=${NAMESPACE},team=checkout`,
  );
  assert.equal(pods.trim().split('\n').length, 3, pods);
  const labels = await ask('labels', '-l', `task_id=${id}`);
  assert.match(labels, /workload +1 +web\n/);
  assert.match(labels, /workload_kind +1 +Deployment\n/);
  assert.match(labels, /service_name +1 +web\n/);
  assert.match(labels, /container +2 +main, side\n/);
}

async function namesLostPod({ ask, cluster }: Stand): Promise<void> {
  const listed = await cluster.kubectl('-n', NAMESPACE, 'get', 'pods', '-o', 'name');
  const pod = listed.split('\n')[0]?.replace('pod/', '') ?? '';
  const recording = ask('record', 'deploy/web', '-n', NAMESPACE, '-d', '12s', '-o', 'folded');
  while (!/running/.test(await ask('tasks', 'list', '--limit', '1'))) await sleep(200);
  await cluster.kubectl('-n', NAMESPACE, 'delete', 'pod', pod, '--wait=false');
  const said = await recording;
  assert.match(said, /partial \(pod_ended\)/);
  assert.ok(said.includes(`${NAMESPACE}/${pod}`), said);
  assert.match(said, /burn_in_pod/);
}

async function refusesWrongNames({ url }: Stand): Promise<void> {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['deploy/wbe -n eagle-shop', /no deploy\/wbe in namespace eagle-shop: there is web/],
    ['deploy/web', /no deploy\/web in namespace default: there is one in eagle-shop: add -n/],
    ['deploy/web -n eagle-shop -c x', /no container x in deploy\/web .*: there are main, side/],
  ];
  for (const [words, message] of cases) {
    const { status, output } = await eagle(url, ['record', ...words.split(' ')]);
    assert.equal(status, 1);
    assert.match(output, message);
  }
}

async function asksNothing(t: TestContext, { ask, cluster, proxy, url }: Stand): Promise<void> {
  await cluster.fakePods(FAKE_NODE, FAKE_PODS);
  const count = async (): Promise<number> => {
    const { targets = [], leftOut = 0 } = JSON.parse(
      (await eagle(url, ['targets', 'ns/fake', '-o', 'json'])).stdout || '{}',
    ) as { targets?: unknown[]; leftOut?: number };
    return targets.length + leftOut;
  };
  while ((await count()) < FAKE_PODS) await sleep(500);
  const before = { proxy: proxy.requests, metric: await requestsMetric(url) };
  assert.equal(await count(), FAKE_PODS);
  const { output } = await eagle(url, ['record', 'ns/fake', '-d', '1s']);
  assert.match(output, /no agent is connected for eagle-fake/);
  await ask('targets', 'deploy/web', '-n', NAMESPACE);
  const after = { proxy: proxy.requests, metric: await requestsMetric(url) };
  t.diagnostic(`requests before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  assert.deepEqual(after, before);
}

/** Requests of the API as the server counts them. */
async function requestsMetric(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^kube_eagle_cluster_requests_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, number]) => sum + Number(number),
    0,
  );
}

async function converges({ ask, cluster, proxy }: Stand): Promise<void> {
  const faults = [
    { kind: 'status', status: 410 },
    { kind: 'status', status: 429, retryAfterS: 1 },
    { kind: 'status', status: 500 },
    { kind: 'expired_event' },
    { kind: 'reset', afterBytes: 100 },
    { kind: 'end', afterBytes: 0 },
  ] as const;
  // Each of the ten watches meets some of them, in some order.
  for (const fault of faults) proxy.break('watch', fault, fault, fault);
  proxy.break('list', { kind: 'status', status: 500 }, { kind: 'reset', afterBytes: 10 });
  proxy.cut();
  await cluster.kubectl('-n', NAMESPACE, 'scale', 'deploy/web', '--replicas=1');
  await cluster.kubectl('-n', NAMESPACE, 'rollout', 'status', 'deploy/web', '--timeout=60s');
  for (;;) {
    const rows = await ask('targets', '-n', NAMESPACE);
    if (proxy.left === 0 && /deploy\/web +1 +2 +1/.test(rows)) return;
    await sleep(500);
  }
}
