import type { KubeKind } from '@kube-eagle/api';
import type { ClusterCache, WorkloadKind } from './cluster-cache.ts';
import { createObjectReader } from './cluster-objects.ts';
import type { Resource } from './list-watch.ts';
import type { Mirror } from './object-table.ts';
import { type Reflector, type ReflectorPorts, startReflector } from './reflector.ts';

/** A kind of objects that is watched, whatever its type. */
export interface ClusterResource {
  readonly kind: KubeKind | 'Node' | 'EndpointSlice';
  /** As the API calls it. */
  readonly name: string;
  readonly size: () => number;
  readonly reflect: (ports: ReflectorPorts, signal: AbortSignal) => Reflector;
}

const WORKLOAD_PATHS: readonly (readonly [kind: WorkloadKind, path: string])[] = [
  ['Deployment', '/apis/apps/v1/deployments'],
  ['StatefulSet', '/apis/apps/v1/statefulsets'],
  ['DaemonSet', '/apis/apps/v1/daemonsets'],
  ['ReplicaSet', '/apis/apps/v1/replicasets'],
  ['Job', '/apis/batch/v1/jobs'],
  ['CronJob', '/apis/batch/v1/cronjobs'],
];

/** All that is watched of a cluster, each into its table of the cache. */
export function clusterResources(cache: ClusterCache): readonly ClusterResource[] {
  const read = createObjectReader();
  return [
    resourceOf('Pod', { path: '/api/v1/pods', read: read.pod }, cache.pods),
    resourceOf('Node', { path: '/api/v1/nodes', read: read.node, metadataOnly: true }, cache.nodes),
    resourceOf('Service', { path: '/api/v1/services', read: read.service }, cache.services),
    resourceOf(
      'EndpointSlice',
      { path: '/apis/discovery.k8s.io/v1/endpointslices', read: read.endpointSlice },
      cache.endpointSlices,
    ),
    ...WORKLOAD_PATHS.map(([kind, path]) =>
      resourceOf(kind, { path, read: read.workload, metadataOnly: true }, cache.workloads[kind]),
    ),
  ];
}

function resourceOf<T>(
  kind: ClusterResource['kind'],
  { path, read, metadataOnly = false }: Pick<Resource<T>, 'path' | 'read'> & Partial<Resource<T>>,
  mirror: Mirror<T>,
): ClusterResource {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    kind,
    name,
    size: () => mirror.size,
    reflect: (ports, signal) =>
      startReflector({ name, path, read, metadataOnly }, mirror, ports, signal),
  };
}
