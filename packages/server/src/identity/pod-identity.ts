import { labelName, labelsOf, labelValue } from '@kube-eagle/profile';
import type { Cluster } from '../targets/cluster.ts';
import { type JoinIdentity, joinContainerId, SHORT_ID } from './identity.ts';

/** What is known of the container of a series. */
export type JoinOutcome = 'joined' | 'unknown';

export interface PodIdentityOptions {
  readonly cluster: Pick<Cluster, 'container' | 'workloadOf'>;
  /** Labels of pods that series get, too: `app.kubernetes.io/part-of` becomes `app_kubernetes_io_part_of`. */
  readonly podLabels: readonly string[];
  /** Told of each series that names a container. */
  readonly joined: (outcome: JoinOutcome) => void;
}

/**
 * Adds namespace, pod, container, workload, its kind and the chosen labels to a series of a container
 * that the cluster has or lately had; the cluster's word goes before the sender's. A service's name
 * that the sender knew stays, else it is the pod's annotation, the workload, as OpenTelemetry has it.
 *
 * A container that the cluster does not know yet is named by its id, and what is stored so is not
 * changed later: a pod's first window may end before its status arrives.
 */
export function createPodIdentity({
  cluster,
  podLabels,
  joined,
}: PodIdentityOptions): JoinIdentity {
  return (labels) => {
    const id = labelValue(labels, 'container_id');
    const known = id === '' ? undefined : cluster.container(id);
    if (id !== '') joined(known ? 'joined' : 'unknown');
    if (!known) return joinContainerId(labels);
    const { pod, container } = known;
    const workload = cluster.workloadOf(pod);
    const chosen = podLabels.map(
      (name) => [labelName(name), labelValue(pod.labels, name)] as const,
    );
    const sent = labels.map(({ name, value }) => [name, value] as const);
    const name = labelValue(labels, 'service_name');
    // Where an agent knows no service, it names one by the container.
    const isNamed = !['', id.slice(0, SHORT_ID), container.name].includes(name);
    return labelsOf([
      ...chosen,
      ['node', pod.node],
      ...sent,
      ['namespace', pod.namespace],
      ['pod', pod.name],
      ['container', container.name],
      ['workload', workload.name],
      ['workload_kind', workload.kind],
      ['service_name', isNamed ? name : pod.serviceName || workload.name],
    ] satisfies (readonly [string, string])[]);
  };
}
