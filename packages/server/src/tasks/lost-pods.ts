import type { Task } from '@kube-eagle/api';
import type { Cluster } from '../targets/cluster.ts';
import { parseTarget } from './target.ts';

/** By node, the pods of a task of which a container does not run any more: `shop/web-1`. */
export function lostPods(
  { places }: Task,
  cluster: Pick<Cluster, 'container'> | undefined,
): ReadonlyMap<string, readonly string[]> {
  const lost = new Map<string, Set<string>>();
  for (const word of cluster ? places : []) {
    const place = parseTarget(word);
    if (place.kind !== 'container' || place.node === undefined) continue;
    const known = cluster?.container(place.id);
    if (!known || known.container.isRunning) continue;
    const { namespace, name } = known.pod;
    lost.set(place.node, (lost.get(place.node) ?? new Set()).add(`${namespace}/${name}`));
  }
  return new Map([...lost].map(([node, pods]) => [node, [...pods]]));
}
