import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListWorkloadsResponseSchema,
  REASONS,
  ResolveTargetsResponseSchema,
  ScopeSchema,
  type TargetService,
} from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { PlacedTarget } from '../tasks/placement.ts';
import { type ResolvePorts, resolveTargets } from '../tasks/resolve-targets.ts';
import { formatTarget } from '../tasks/target.ts';
import { parsedTargets } from '../tasks/task-spec.ts';
import type { Cluster } from './cluster.ts';

const DEFAULT_LIMIT = 1_000;

/** What there is to profile, as target.proto has it. */
export function createTargetService(ports: ResolvePorts): ServiceImpl<typeof TargetService> {
  const { hub, cluster, limits } = ports;

  function limitOf(limit: number): number {
    const most = limits.value('resolved_targets');
    if (limit <= most) return limit || DEFAULT_LIMIT;
    throw new EagleError('invalid_argument', `expected a limit of at most ${most}, got ${limit}`);
  }

  return {
    resolveTargets({ targets, scope, limit }) {
      const most = limitOf(limit);
      const places = resolveTargets(parsedTargets(targets, scope, limits), scope, ports);
      const connected = new Set(hub.connected().map(({ node }) => node));
      return create(ResolveTargetsResponseSchema, {
        leftOut: Math.max(0, places.length - most),
        targets: places.slice(0, most).map((place) => ({
          word: formatTarget(place),
          node: place.node,
          agentConnected: connected.has(place.node),
          ...podOf(place, cluster),
        })),
      });
    },
    listWorkloads({ scope, limit }) {
      if (!cluster) throw new EagleError('failed_precondition', REASONS.no_cluster);
      const most = limitOf(limit);
      const workloads = cluster.workloads(scope ?? create(ScopeSchema));
      return create(ListWorkloadsResponseSchema, {
        leftOut: Math.max(0, workloads.length - most),
        workloads: workloads.slice(0, most),
      });
    },
  };
}

function podOf(place: PlacedTarget, cluster: Cluster | undefined) {
  const known = place.kind === 'container' ? cluster?.container(place.id) : undefined;
  if (!known || !cluster) return {};
  const { pod, container } = known;
  const { kind, name } = cluster.workloadOf(pod);
  return {
    namespace: pod.namespace,
    pod: pod.name,
    container: container.name,
    workloadKind: kind,
    workload: name,
  };
}
