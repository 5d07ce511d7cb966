import {
  formatKubeTarget,
  type KubeKind,
  type KubeTarget,
  REASONS,
  type Scope,
  type Workload,
} from '@kube-eagle/api';
import { EagleError, type Matcher, matcher, matches, parseSelector } from '@kube-eagle/profile';
import type { ClusterCache, KnownContainer } from './cluster-cache.ts';
import type { ObjectName, Pod, Service } from './cluster-objects.ts';
import type { ObjectTable } from './object-table.ts';

export type Where = Pick<Scope, 'namespace' | 'allNamespaces' | 'selector' | 'container'>;

/** Throws `unavailable` where a kind of objects has not been read. */
export type RequireRead = (kind: KubeKind) => void;

const DEFAULT_NAMESPACE = 'default';
const MAX_SHOWN = 10;

/**
 * The running containers of an object's pods, or of all pods in the scope where there is none. From
 * the cache alone. Throws `not_found` and says what there is instead, `invalid_argument` for a name
 * that several namespaces have, `unavailable` for what the cache cannot tell yet.
 */
export function findContainers(
  cache: ClusterCache,
  required: RequireRead,
  target: KubeTarget | undefined,
  where: Where,
): readonly KnownContainer[] {
  required('Pod');
  const conditions = parseSelector(where.selector);
  const candidates = target ? podsOf(cache, required, target, where) : podsIn(cache, where);
  const pods = candidates.filter(({ labels }) => matches(labels, conditions));
  const running = pods.flatMap((pod) =>
    pod.containers.filter(({ isRunning }) => isRunning).map((container) => ({ pod, container })),
  );
  const subject = subjectOf(target, where);
  if (running.length === 0) {
    const many = pods.length === 0 ? 'no pods' : `pods (${pods.length}), but none of them runs`;
    throw new EagleError('not_found', `${subject} has ${many}. ${REASONS.no_running_pods}`);
  }
  if (where.container === '') return running;
  const chosen = running.filter(({ container }) => container.name === where.container);
  if (chosen.length > 0) return chosen;
  const names = new Set(running.map(({ container }) => container.name));
  throw new EagleError(
    'not_found',
    `no container ${where.container} in ${subject}: there are ${listed(names)}`,
  );
}

/** What has running pods in the scope, by namespace, kind and name. */
export function listWorkloads(cache: ClusterCache, where: Where): readonly WorkloadRow[] {
  const conditions = parseSelector(where.selector);
  const rows = new Map<string, { row: WorkloadRow; nodes: Set<string> }>();
  for (const pod of podsIn(cache, where)) {
    const containers = pod.containers.filter(({ isRunning }) => isRunning).length;
    if (containers === 0 || !matches(pod.labels, conditions)) continue;
    const { kind, name } = cache.workloadOf(pod);
    const { namespace } = pod;
    const key = `${namespace}/${kind}/${name}`;
    const { row, nodes } = rows.get(key) ?? {
      row: { namespace, kind, name, pods: 0, containers: 0, nodes: 0 },
      nodes: new Set<string>(),
    };
    nodes.add(pod.node);
    const counts = { pods: row.pods + 1, containers: row.containers + containers };
    rows.set(key, { row: { ...row, ...counts, nodes: nodes.size }, nodes });
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { row }]) => row);
}

export type WorkloadRow = Pick<
  Workload,
  'namespace' | 'kind' | 'name' | 'pods' | 'containers' | 'nodes'
>;

function podsIn(cache: ClusterCache, where: Where): readonly Pod[] {
  return [...(where.allNamespaces ? cache.pods.all() : cache.pods.inNamespace(namespaceOf(where)))];
}

function podsOf(
  cache: ClusterCache,
  required: RequireRead,
  target: KubeTarget,
  where: Where,
): readonly Pod[] {
  const { kind, name } = target;
  switch (kind) {
    case 'Namespace':
      return podsOfNamespace(cache, name);
    case 'Pod':
      return [named(cache.pods, target, where)];
    case 'Service': {
      required(kind);
      return podsOfService(cache, named(cache.services, target, where));
    }
    default:
      // Between a deployment and its pods are replica sets, between a cron job and its own are jobs.
      required(kind);
      if (kind === 'Deployment') required('ReplicaSet');
      if (kind === 'CronJob') required('Job');
      return cache.podsOf(named(cache.workloads[kind], target, where));
  }
}

function podsOfNamespace({ pods }: ClusterCache, namespace: string): readonly Pod[] {
  const found = [...pods.inNamespace(namespace)];
  if (found.length > 0) return found;
  throw new EagleError(
    'not_found',
    `no pods in a namespace ${namespace}: there are some in ${listed(pods.namespaces())}`,
  );
}

/** A service without a selector has endpoints that somebody wrote. */
function podsOfService(
  { pods, endpointSlices }: ClusterCache,
  { namespace, name, selector }: Service,
): readonly Pod[] {
  if (selector.length > 0) {
    const conditions: readonly Matcher[] = selector.map((label) =>
      matcher(label.name, '=', label.value),
    );
    return [...pods.inNamespace(namespace)].filter(({ labels }) => matches(labels, conditions));
  }
  const names = new Set(
    [...endpointSlices.inNamespace(namespace)]
      .filter(({ service }) => service === name)
      .flatMap((slice) => slice.pods),
  );
  return [...names].flatMap((pod) => pods.get(namespace, pod) ?? []);
}

function named<T extends ObjectName>(table: ObjectTable<T>, target: KubeTarget, where: Where): T {
  const word = formatKubeTarget(target);
  const everywhere = table.named(target.name);
  const namespaces = everywhere.map(({ namespace }) => namespace);
  if (where.allNamespaces) {
    const [only] = everywhere;
    if (only && everywhere.length === 1) return only;
    if (only) {
      throw new EagleError(
        'invalid_argument',
        `${word} is in ${listed(namespaces)}: name one of them with -n. ${REASONS.ambiguous}`,
      );
    }
    throw new EagleError('not_found', `no ${word} in any namespace. ${REASONS.no_such_object}`);
  }
  const namespace = namespaceOf(where);
  const found = table.get(namespace, target.name);
  if (found) return found;
  const names = [...table.inNamespace(namespace)].map(({ name }) => name);
  const hint =
    namespaces.length > 0
      ? `there is one in ${listed(namespaces)}: add -n`
      : names.length > 0
        ? `there ${names.length === 1 ? 'is' : 'are'} ${listed(names)}`
        : REASONS.no_such_object;
  throw new EagleError('not_found', `no ${word} in namespace ${namespace}: ${hint}`);
}

function namespaceOf({ namespace }: Where): string {
  return namespace || DEFAULT_NAMESPACE;
}

function subjectOf(target: KubeTarget | undefined, where: Where): string {
  const words = [
    target ? formatKubeTarget(target) : '',
    where.selector === '' ? '' : `-l ${where.selector}`,
  ].filter((word) => word !== '');
  const place = where.allNamespaces ? 'all namespaces' : `namespace ${namespaceOf(where)}`;
  return target?.kind === 'Namespace' ? words.join(' ') : `${words.join(' ')} in ${place}`.trim();
}

/** A few names, so that a message stays a sentence. */
function listed(names: Iterable<string>): string {
  const all = [...names].sort((a, b) => (a < b ? -1 : 1));
  const shown = all.slice(0, MAX_SHOWN).join(', ');
  return all.length > MAX_SHOWN ? `${shown} and ${all.length - MAX_SHOWN} more` : shown;
}
