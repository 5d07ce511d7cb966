import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { parseKubeTarget } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import type { Where } from './pod-finder.ts';
import { openTestCluster, openTestShop } from './testing.ts';

const SHOP: Where = { namespace: 'shop', allNamespaces: false, selector: '', container: '' };

const shop = await openTestShop();
after(() => shop[Symbol.asyncDispose]());

/** `web-1-a/main@node-a …`, or what is wrong. */
function found(word: string, where: Partial<Where> = {}): string {
  try {
    const target = word === '' ? undefined : parseKubeTarget(word);
    return shop.cluster
      .find(target, { ...SHOP, ...where })
      .map(({ pod, container }) => `${pod.name}/${container.name}@${pod.node}`)
      .join(' ');
  } catch (error) {
    return `error: ${messageOf(error)}`;
  }
}

const WEB = 'web-1-a/main@node-a web-1-a/side@node-a web-1-b/main@node-b web-1-b/side@node-b';
const DB = 'db-0/db@node-a';
const REPORT = 'report-7-x/run@node-b';

test('each kind of target gives the running containers of its pods', () => {
  assert.equal(found('deploy/web'), WEB);
  assert.equal(found('rs/web-1'), WEB);
  assert.equal(found('svc/front'), WEB);
  assert.equal(found('svc/hand'), DB);
  assert.equal(found('sts/db'), DB);
  assert.equal(found('cronjob/report'), REPORT);
  assert.equal(found('job/report-7'), REPORT);
  assert.equal(found('pod/web-1-a'), 'web-1-a/main@node-a web-1-a/side@node-a');
  assert.equal(found('ns/shop', { namespace: '' }), [WEB, DB, REPORT].join(' '));
});

test('a selector chooses pods, alone or of a target, and a name containers', () => {
  assert.equal(
    found('', { selector: 'app=web', container: 'side' }),
    'web-1-a/side@node-a web-1-b/side@node-b',
  );
  assert.equal(
    found('deploy/web', { selector: 'slot notin (a)', container: 'main' }),
    'web-1-b/main@node-b',
  );
  assert.equal(
    found('', { selector: '!app', allNamespaces: true }),
    [DB, REPORT, 'alone/one@node-b'].join(' '),
  );
  assert.equal(found('sts/db', { namespace: '', allNamespaces: true }), DB);
});

test('what cannot be found says what there is instead', () => {
  const cases: readonly (readonly [string, Partial<Where>, RegExp])[] = [
    ['deploy/wbe', {}, /no deploy\/wbe in namespace shop: there are idle, web$/],
    ['sts/db', { namespace: '' }, /no sts\/db in namespace default: there is one in shop: add -n$/],
    ['ds/x', {}, /no ds\/x in namespace shop: Kubernetes has no object of that name/],
    ['ds/x', { allNamespaces: true }, /no ds\/x in any namespace/],
    [
      'deploy/web',
      { allNamespaces: true },
      /deploy\/web is in dev, shop: name one of them with -n/,
    ],
    ['deploy/idle', {}, /deploy\/idle in namespace shop has no pods\. It has no running pods now/],
    ['deploy/web', { selector: 'app=db' }, /deploy\/web -l app=db in namespace shop has no pods/],
    [
      'deploy/web',
      { container: 'x' },
      /no container x in deploy\/web in namespace shop: there are main, side$/,
    ],
    ['ns/nope', {}, /no pods in a namespace nope: there are some in dev, shop$/],
  ];
  for (const [word, where, message] of cases) assert.match(found(word, where), message);
});

test('a pod none of whose containers runs is told from none at all', async () => {
  shop.put('Pod', 'ended', { containers: { main: '!e0d' } });
  await shop.seen();
  assert.match(
    found('pod/ended'),
    /pod\/ended in namespace shop has pods \(1\), but none of them runs/,
  );
  shop.remove('Pod', 'ended');
});

test('nothing that is found asks the API', () => {
  const before = shop.api.requests.length;
  for (const word of ['deploy/web', 'ns/shop', 'deploy/none', 'svc/hand']) found(word);
  shop.cluster.workloads({ ...SHOP, allNamespaces: true });
  assert.equal(shop.api.requests.length, before);
});

test('workloads are what owns running pods in the end', () => {
  const rows = shop.cluster.workloads({ ...SHOP, allNamespaces: true });
  assert.deepEqual(
    rows.map(({ namespace, kind, name, pods, containers, nodes }) =>
      [namespace, kind, name, pods, containers, nodes].join(' '),
    ),
    [
      'dev Pod alone 1 1 1',
      'shop CronJob report 1 1 1',
      'shop Deployment web 2 4 2',
      'shop StatefulSet db 1 1 1',
    ],
  );
});

test('owners that change, and pods that go, are followed', async () => {
  await using other = openTestCluster();
  other.put('Deployment', 'web');
  other.put('ReplicaSet', 'web-1', { owner: 'Deployment/web' });
  other.put('Pod', 'web-1-a', { owner: 'ReplicaSet/web-1', containers: { main: 'a1' } });
  await other.seen();
  const ids = () =>
    other.cluster
      .find({ kind: 'Deployment', name: 'web' }, SHOP)
      .map(({ container }) => container.id);
  other.put('Pod', 'web-1-a', { owner: 'ReplicaSet/web-1', containers: { main: 'a2' } });
  other.put('Pod', 'web-1-b', { owner: 'ReplicaSet/web-1', containers: { main: 'b1' } });
  await other.seen();
  assert.deepEqual(ids(), ['a2', 'b1']);
  assert.equal(other.cluster.container('a1')?.container.isRunning, false);
  other.remove('Pod', 'web-1-a');
  await other.seen();
  assert.deepEqual(ids(), ['b1']);
  assert.equal(other.cluster.container('a2')?.pod.name, 'web-1-a');
  assert.equal(other.cluster.container('a2')?.container.isRunning, false);
});
