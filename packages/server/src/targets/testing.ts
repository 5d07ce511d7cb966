import { createManualClock } from '../clock.ts';
import { createLimits } from '../limits.ts';
import { createSilentTelemetry } from '../telemetry.ts';
import { type WatchedCluster, watchCluster } from './cluster.ts';
import { createMemoryKubeApi, type KubeObject, type MemoryKubeApi } from './memory-kube-api.ts';

/** Where objects are kept, by kind. */
export const COLLECTIONS = {
  Pod: '/api/v1/pods',
  Node: '/api/v1/nodes',
  Service: '/api/v1/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices',
  Deployment: '/apis/apps/v1/deployments',
  StatefulSet: '/apis/apps/v1/statefulsets',
  DaemonSet: '/apis/apps/v1/daemonsets',
  ReplicaSet: '/apis/apps/v1/replicasets',
  Job: '/apis/batch/v1/jobs',
  CronJob: '/apis/batch/v1/cronjobs',
} as const;

/** What an object in a test has besides its name. */
export interface ObjectParts {
  readonly namespace?: string;
  /** `ReplicaSet/web-1` owns it. */
  readonly owner?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** Ids by name; a `!` before an id says that it does not run. */
  readonly containers?: Readonly<Record<string, string>>;
  readonly selector?: Readonly<Record<string, string>>;
  /** Pods that a slice has. */
  readonly endpoints?: readonly string[];
}

/** An object as the API has it. Its uid is its kind and name. */
export function kubeObject(kind: string, name: string, parts: ObjectParts = {}): KubeObject {
  const { namespace = 'shop', owner, labels = {}, annotations = {}, containers = {} } = parts;
  const [ownerKind, ownerName] = owner?.split('/') ?? [];
  const reference = { kind: ownerKind, name: ownerName, controller: true };
  const uid = (of: string, named: string): string => `${of}/${namespace}/${named}`;
  return {
    metadata: {
      name,
      namespace,
      uid: uid(kind, name),
      labels,
      annotations,
      ...(ownerKind !== undefined && {
        ownerReferences: [{ ...reference, uid: uid(ownerKind, ownerName ?? '') }],
      }),
    },
    spec: { nodeName: parts.node ?? '', selector: parts.selector },
    status: {
      containerStatuses: Object.entries(containers).map(([container, id]) => ({
        name: container,
        containerID: `containerd://${id.replace('!', '')}`,
        state: id.startsWith('!') ? { terminated: {} } : { running: {} },
      })),
    },
    endpoints: (parts.endpoints ?? []).map((pod) => ({ targetRef: { kind: 'Pod', name: pod } })),
  };
}

/** A cluster over objects in memory. */
export interface TestCluster extends AsyncDisposable {
  readonly cluster: WatchedCluster;
  readonly api: MemoryKubeApi;
  put(kind: keyof typeof COLLECTIONS, name: string, parts?: ObjectParts): void;
  remove(kind: keyof typeof COLLECTIONS, name: string, namespace?: string): void;
  /** Resolves when the cache has seen all of that. */
  seen(): Promise<void>;
}

/** An empty cluster in memory. */
export function openTestCluster(): TestCluster {
  const api = createMemoryKubeApi();
  const limits = createLimits();
  const cluster = watchCluster({
    api,
    limits,
    telemetry: createSilentTelemetry(limits),
    clock: createManualClock(1),
    random: () => 1,
  });
  return {
    cluster,
    api,
    put: (kind, name, parts) => api.put(COLLECTIONS[kind], kubeObject(kind, name, parts)),
    remove: (kind, name, namespace = 'shop') => api.remove(COLLECTIONS[kind], name, namespace),
    async seen() {
      await cluster.settled;
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
    [Symbol.asyncDispose]: cluster[Symbol.asyncDispose],
  };
}

/** A shop of a deployment with two pods and a sidecar each, a database, a service and a job. */
export async function openTestShop(): Promise<TestCluster> {
  const shop = openTestCluster();
  const { put } = shop;
  put('Deployment', 'web');
  put('ReplicaSet', 'web-1', { owner: 'Deployment/web' });
  for (const at of ['a', 'b']) {
    put('Pod', `web-1-${at}`, {
      owner: 'ReplicaSet/web-1',
      node: `node-${at}`,
      labels: { app: 'web', slot: at },
      containers: { main: `face${at}`, side: `51de${at}`, done: `!dead${at}` },
    });
  }
  put('StatefulSet', 'db');
  put('Pod', 'db-0', { owner: 'StatefulSet/db', node: 'node-a', containers: { db: 'dbdb0' } });
  put('CronJob', 'report', { namespace: 'shop' });
  put('Job', 'report-7', { owner: 'CronJob/report' });
  put('Pod', 'report-7-x', { owner: 'Job/report-7', node: 'node-b', containers: { run: '7e7e' } });
  put('Deployment', 'idle');
  put('Service', 'front', { selector: { app: 'web' } });
  put('Service', 'hand');
  put('EndpointSlice', 'hand-1', {
    labels: { 'kubernetes.io/service-name': 'hand' },
    endpoints: ['db-0'],
  });
  put('Deployment', 'web', { namespace: 'dev' });
  put('Pod', 'alone', { namespace: 'dev', node: 'node-b', containers: { one: 'a10e' } });
  await shop.seen();
  return shop;
}
