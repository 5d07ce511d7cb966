import { create } from '@bufbuild/protobuf';
import { REASONS, type Scope, ScopeSchema } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { AgentHub } from '../agents/agent-hub.ts';
import type { Inventories } from '../inventory/inventories.ts';
import type { Limits } from '../limits.ts';
import type { Cluster } from '../targets/cluster.ts';
import { type PlacedTarget, placed } from './placement.ts';
import type { NodeTarget, PodsTarget, Target } from './target.ts';
import { formatTarget } from './target.ts';

export interface ResolvePorts {
  readonly hub: AgentHub;
  readonly ownNode: string;
  readonly inventories: Inventories;
  /** Absent where no cluster is watched. */
  readonly cluster: Cluster | undefined;
  readonly limits: Limits;
}

/**
 * What targets mean now, each once and with its node: pods become their running containers. Throws
 * what {@link placed} and {@link Cluster.find} throw, `failed_precondition` for pods without a
 * cluster, `resource_exhausted` for too many containers.
 */
export function resolveTargets(
  targets: readonly Target[],
  scope: Scope | undefined,
  ports: ResolvePorts,
): readonly PlacedTarget[] {
  const { hub, limits } = ports;
  const onNodes = targets.filter((target): target is NodeTarget => target.kind !== 'pods');
  const ofPods = targets.filter((target): target is PodsTarget => target.kind === 'pods');
  const places = [
    ...(onNodes.length > 0 ? placed(onNodes, hub.connected(), ports) : []),
    ...ofPods.flatMap((target) => containersOf(target, scope, ports.cluster)),
  ];
  const each = [...new Map(places.map((place) => [formatTarget(place), place])).values()];
  const most = limits.value('task_places');
  if (each.length <= most) return each;
  limits.hit('task_places');
  throw new EagleError(
    'resource_exhausted',
    `expected at most ${most} containers, got ${each.length}: choose fewer with -l or -c, or name nodes`,
  );
}

function containersOf(
  { of }: PodsTarget,
  scope: Scope | undefined,
  cluster: Cluster | undefined,
): readonly PlacedTarget[] {
  if (!cluster) throw new EagleError('failed_precondition', REASONS.no_cluster);
  return cluster.find(of, scope ?? create(ScopeSchema)).map(({ pod, container }) => ({
    kind: 'container',
    id: container.id,
    node: pod.node,
  }));
}

/** Whether nodes have agents. Throws `failed_precondition` where none has. */
export function requireAgents(
  nodes: readonly string[],
  hub: AgentHub,
): readonly { readonly node: string; readonly hasAgent: boolean }[] {
  const connected = new Set(hub.connected().map(({ node }) => node));
  const known = nodes.map((node) => ({ node, hasAgent: connected.has(node) }));
  if (known.some(({ hasAgent }) => hasAgent)) return known;
  const shown = nodes.slice(0, 10).join(', ');
  const more = nodes.length > 10 ? ` and ${nodes.length - 10} more` : '';
  throw new EagleError(
    'failed_precondition',
    `no agent is connected for ${shown}${more}. ${REASONS.no_agent}`,
  );
}
