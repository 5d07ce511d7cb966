import type { KubeKind } from '@kube-eagle/api';
import type { Limits } from '../limits.ts';
import type {
  EndpointSlice,
  ObjectName,
  Owner,
  Pod,
  PodContainer,
  Service,
  WorkloadObject,
} from './cluster-objects.ts';
import { createObjectTable, type ObjectTable } from './object-table.ts';

/** Kinds that own pods, or owners of pods. */
export type WorkloadKind = Exclude<KubeKind, 'Namespace' | 'Pod' | 'Service'>;

/** A container and the pod that it is, or was, of. */
export interface KnownContainer {
  readonly pod: Pod;
  readonly container: PodContainer;
}

/** What is known of a cluster. */
export interface ClusterCache {
  readonly pods: ObjectTable<Pod>;
  readonly nodes: ObjectTable<ObjectName>;
  readonly services: ObjectTable<Service>;
  readonly endpointSlices: ObjectTable<EndpointSlice>;
  readonly workloads: Readonly<Record<WorkloadKind, ObjectTable<WorkloadObject>>>;
  /** Pods of a workload, be it through other workloads. */
  podsOf(workload: WorkloadObject): readonly Pod[];
  /** What owns a pod in the end: a deployment, not its replica set; the pod itself if nothing does. */
  workloadOf(pod: Pod): { readonly kind: string; readonly name: string };
  /** A container by its whole id, also one that ended lately, then not running. */
  container(id: string): KnownContainer | undefined;
}

/** Owners above one another that are followed: a cron job, its job, a pod, and one to spare. */
const MAX_OWNERS = 4;

/** A cache that knows nothing yet. */
export function createClusterCache(limits: Limits): ClusterCache {
  const containers = createContainerIndex(limits);
  const podsByOwner = createGroups<Pod>();
  const ownedBy = createGroups<WorkloadObject>();
  const ownerByUid = new Map<string, Owner>();
  const bounds = {
    limit: limits.value('cluster_objects'),
    refused: () => limits.hit('cluster_objects'),
  };
  const workloadTable = (): ObjectTable<WorkloadObject> =>
    createObjectTable<WorkloadObject>({
      ...bounds,
      changed(before, after) {
        if (before?.owner) ownedBy.remove(before.owner.uid, before);
        if (before) ownerByUid.delete(before.uid);
        if (!after?.owner) return;
        ownedBy.add(after.owner.uid, after);
        ownerByUid.set(after.uid, after.owner);
      },
    });

  function podsOf({ uid }: Pick<WorkloadObject, 'uid'>, depth = 0): readonly Pod[] {
    const below =
      depth < MAX_OWNERS
        ? [...ownedBy.of(uid)].flatMap((workload) => podsOf(workload, depth + 1))
        : [];
    return [...podsByOwner.of(uid), ...below];
  }

  return {
    pods: createObjectTable<Pod>({
      ...bounds,
      changed(before, after) {
        if (before?.owner) podsByOwner.remove(before.owner.uid, before);
        if (after?.owner) podsByOwner.add(after.owner.uid, after);
        containers.changed(before, after);
      },
    }),
    nodes: createObjectTable<ObjectName>(bounds),
    services: createObjectTable<Service>(bounds),
    endpointSlices: createObjectTable<EndpointSlice>(bounds),
    workloads: {
      Deployment: workloadTable(),
      StatefulSet: workloadTable(),
      DaemonSet: workloadTable(),
      ReplicaSet: workloadTable(),
      Job: workloadTable(),
      CronJob: workloadTable(),
    },
    podsOf: (workload) => podsOf(workload),
    workloadOf({ owner, name }) {
      // A static pod is controlled by its node, which is no workload.
      if (!owner || owner.kind === 'Node') return { kind: 'Pod', name };
      let top = owner;
      for (let depth = 0; depth < MAX_OWNERS; depth++) top = ownerByUid.get(top.uid) ?? top;
      return top;
    },
    container: containers.get,
  };
}

/** Containers by id: those of pods there are, and the last of those there were. */
function createContainerIndex(limits: Limits) {
  const present = new Map<string, Pod>();
  const past = new Map<string, Pod>();

  function keepPast(id: string, pod: Pod): void {
    past.set(id, pod);
    if (past.size <= limits.value('cluster_past_containers')) return;
    const [oldest = ''] = past.keys();
    past.delete(oldest);
    limits.hit('cluster_past_containers');
  }

  function found(pod: Pod | undefined, id: string): KnownContainer | undefined {
    const container = pod?.containers.find((candidate) => candidate.id === id);
    return pod && container && { pod, container };
  }

  return {
    get(id: string): KnownContainer | undefined {
      const there = found(present.get(id), id);
      if (there) return there;
      const was = found(past.get(id), id);
      return was && { pod: was.pod, container: { ...was.container, isRunning: false } };
    },
    changed(before: Pod | undefined, after: Pod | undefined): void {
      for (const { id } of before?.containers ?? []) {
        if (after?.containers.some((container) => container.id === id)) continue;
        present.delete(id);
        if (before) keepPast(id, before);
      }
      for (const { id } of after?.containers ?? []) if (after) present.set(id, after);
    },
  };
}

/** Sets of values by key. */
function createGroups<T>() {
  const groups = new Map<string, Set<T>>();
  return {
    of: (key: string): Iterable<T> => groups.get(key) ?? [],
    add(key: string, value: T): void {
      groups.set(key, (groups.get(key) ?? new Set()).add(value));
    },
    remove(key: string, value: T): void {
      const group = groups.get(key);
      group?.delete(value);
      if (group?.size === 0) groups.delete(key);
    },
  };
}
