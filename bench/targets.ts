import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { KubeObject } from '../packages/server/src/targets/memory-kube-api.ts';
import {
  COLLECTIONS,
  kubeObject,
  openTestCluster,
} from '../packages/server/src/targets/testing.ts';
import { type Figure, median } from './figure.ts';

const PODS = 20_000;
const PODS_A_DEPLOYMENT = 20;
const CONTAINERS_A_POD = 2;
const NAMESPACES = 2;
const REPEATS = 20;
const MB = 1e6;

/** Reading and resolving a large cluster, whose API is in memory, too. */
export async function* targets(): AsyncIterable<Figure> {
  const objects = clusterObjects();
  await using test = openTestCluster();
  for (const [kind, object] of objects) test.api.put(COLLECTIONS[kind], object);
  const stored = heapBytes();
  const start = performance.now();
  await test.seen();
  const readMs = performance.now() - start;
  const cachedBytes = heapBytes() - stored;
  const { cluster } = test;
  const asked = test.api.requests.length;
  const where = { namespace: 'team-0', allNamespaces: false, selector: '', container: '' };
  const timeOf = (find: () => readonly unknown[]): { ms: number; found: number } => {
    const times = Array.from({ length: REPEATS }, () => {
      const begun = performance.now();
      const { length } = find();
      return { ms: performance.now() - begun, length };
    });
    return { ms: median(times.map(({ ms }) => ms)), found: times[0]?.length ?? 0 };
  };
  const namespace = timeOf(() => cluster.find({ kind: 'Namespace', name: 'team-0' }, where));
  const deployment = timeOf(() => cluster.find({ kind: 'Deployment', name: 'app-0' }, where));
  const selector = timeOf(() => cluster.find(undefined, { ...where, selector: 'app=app-0' }));
  yield {
    name: `cached, ${PODS} pods of ${CONTAINERS_A_POD} containers`,
    value: cachedBytes / MB,
    unit: 'MB',
    budget: '≤ 64',
    within: cachedBytes <= 64 * MB,
  };
  yield { name: `list ${PODS} pods in pages`, value: readMs, unit: 'ms' };
  yield {
    name: `resolve a namespace of ${PODS / NAMESPACES} pods, ${namespace.found} containers`,
    value: namespace.ms,
    unit: 'ms',
    budget: '≤ 50',
    within: namespace.ms <= 50,
  };
  yield {
    name: `resolve a deployment, ${deployment.found} containers`,
    value: deployment.ms,
    unit: 'ms',
  };
  yield {
    name: `resolve a selector, ${selector.found} containers`,
    value: selector.ms,
    unit: 'ms',
  };
  const requests = test.api.requests.length - asked;
  yield {
    name: 'requests of the API for all of that',
    value: requests,
    unit: 'requests',
    budget: '0',
    within: requests === 0,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

type Kind = keyof typeof COLLECTIONS;

/** Deployments with a replica set each, and their pods. */
function clusterObjects(): readonly (readonly [Kind, KubeObject])[] {
  const objects: (readonly [Kind, KubeObject])[] = [];
  const deployments = PODS / PODS_A_DEPLOYMENT;
  for (let at = 0; at < deployments; at++) {
    const namespace = `team-${at % NAMESPACES}`;
    const name = `app-${at}`;
    const set = `${name}-${hash(name).slice(0, 9)}`;
    objects.push(['Deployment', kubeObject('Deployment', name, { namespace })]);
    const owner = `Deployment/${name}`;
    objects.push(['ReplicaSet', kubeObject('ReplicaSet', set, { namespace, owner })]);
    for (let number = 0; number < PODS_A_DEPLOYMENT; number++) {
      objects.push(['Pod', pod(`${set}-${hash(`${set}${number}`).slice(0, 5)}`, namespace, set)]);
    }
  }
  return objects;
}

function pod(name: string, namespace: string, set: string): KubeObject {
  const app = set.slice(0, set.lastIndexOf('-'));
  const containers = Object.fromEntries(
    Array.from({ length: CONTAINERS_A_POD }, (_, at) => [`container-${at}`, hash(`${name}${at}`)]),
  );
  return kubeObject('Pod', name, {
    namespace,
    owner: `ReplicaSet/${set}`,
    node: `node-${Number.parseInt(hash(name).slice(0, 4), 16) % 500}`,
    labels: { app, 'pod-template-hash': set.slice(-9), 'app.kubernetes.io/part-of': namespace },
    containers,
  });
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
