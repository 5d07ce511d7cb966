import { type Agent, REASONS } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Inventories } from '../inventory/inventories.ts';
import { formatTarget, type NodeTarget, type PartOfNode, partWord } from './target.ts';

/** A target whose node is known. */
export type PlacedTarget = Exclude<NodeTarget, { readonly kind: 'host' }> & {
  readonly node: string;
};

/** What tells where a target is. */
export interface Whereabouts {
  /** Name of the machine the server runs on. */
  readonly ownNode: string;
  readonly inventories: Pick<Inventories, 'nodesWith' | 'nearest'>;
}

/**
 * The targets with their nodes, each once. One without a node is for the node that it runs on, as far
 * as agents have told; else for the server's own machine, or for the one node there is. Throws `failed_precondition` where no agent is connected, `not_found`
 * for a node without one and for a name that nothing has, `invalid_argument` where several nodes could
 * be meant.
 */
export function placed(
  targets: readonly NodeTarget[],
  connected: readonly Agent[],
  whereabouts: Whereabouts,
): readonly PlacedTarget[] {
  const nodes = [...new Set(connected.map(({ node }) => node))];
  if (nodes.length === 0) throw new EagleError('failed_precondition', REASONS.no_agent);
  const byWord = new Map<string, PlacedTarget>();
  for (const target of targets) {
    const one = placedOne(target, nodes, whereabouts);
    byWord.set(formatTarget(one), one);
  }
  return [...byWord.values()];
}

/** The nodes of some targets, sorted. */
export function nodesOf(targets: readonly PlacedTarget[]): readonly string[] {
  return [...new Set(targets.map(({ node }) => node))].sort((a, b) => (a < b ? -1 : 1));
}

/** What a node measures; nothing is named for the whole host, which has it all in it. */
export interface NodePart {
  readonly pids: number[];
  readonly containers: string[];
  readonly units: string[];
  readonly dockerNames: string[];
  readonly processNames: string[];
}

export function partOn(node: string, targets: readonly PlacedTarget[]): NodePart {
  const part: NodePart = {
    ...{ pids: [], containers: [], units: [] },
    ...{ dockerNames: [], processNames: [] },
  };
  const here = targets.filter((target) => target.node === node);
  if (here.some(({ kind }) => kind === 'node')) return part;
  for (const target of here) {
    if (target.kind === 'pid') part.pids.push(target.pid);
    if (target.kind === 'container') part.containers.push(target.id);
    if (target.kind === 'unit') part.units.push(target.unit);
    if (target.kind === 'docker') part.dockerNames.push(target.name);
    if (target.kind === 'process') part.processNames.push(target.name);
  }
  return part;
}

function placedOne(
  target: NodeTarget,
  nodes: readonly string[],
  whereabouts: Whereabouts,
): PlacedTarget {
  switch (target.kind) {
    case 'host':
      return { kind: 'node', node: anyNode(nodes, whereabouts.ownNode) };
    case 'node':
      return { kind: 'node', node: knownNode(target.node, nodes) };
    default:
      return {
        ...target,
        node:
          target.node === undefined
            ? nodeOfPart(target, nodes, whereabouts)
            : knownNode(target.node, nodes),
      };
  }
}

/** The node that a part runs on. A name that nobody has told of may still be new to the one node there is. */
function nodeOfPart(
  part: PartOfNode,
  nodes: readonly string[],
  { ownNode, inventories }: Whereabouts,
): string {
  const having = inventories.nodesWith(part).filter((node) => nodes.includes(node));
  if (having.length > 0) return anyNode(having, ownNode);
  const hasName = part.kind === 'docker' || part.kind === 'process';
  if (!hasName || nodes.length === 1) return anyNode(nodes, ownNode);
  const nearest = inventories.nearest(part);
  const guess = nearest.length > 0 ? ` Did you mean ${nearest.join(', ')}?` : '';
  throw new EagleError(
    'not_found',
    `${partWord(part)} runs on none of ${list(nodes)}.${guess} List what runs: eagle targets`,
  );
}

function anyNode(nodes: readonly string[], ownNode: string): string {
  const [first = ''] = nodes;
  if (nodes.length === 1) return first;
  if (nodes.includes(ownNode)) return ownNode;
  throw new EagleError(
    'invalid_argument',
    `several nodes could be meant: name one, as in pid/1234@NODE, container/ID@NODE or node/NAME, of ${list(nodes)}`,
  );
}

function knownNode(node: string, nodes: readonly string[]): string {
  if (nodes.includes(node)) return node;
  throw new EagleError(
    'not_found',
    `no agent is connected for node ${node}, only for ${list(nodes)}`,
  );
}

/** A few names, so that a message stays a sentence. */
function list(nodes: readonly string[]): string {
  const shown = nodes.slice(0, 10).join(', ');
  return nodes.length > 10 ? `${shown} and ${nodes.length - 10} more` : shown;
}
