/**
 * Labels and the OpenTelemetry attributes they travel as (semantic conventions 1.37, registry of
 * attributes). A label that is not listed travels under its own name.
 */
const ATTRIBUTES: readonly (readonly [label: string, attribute: string])[] = [
  ['service_name', 'service.name'],
  ['namespace', 'k8s.namespace.name'],
  ['workload', 'kube_eagle.workload.name'],
  ['workload_kind', 'kube_eagle.workload.kind'],
  ['pod', 'k8s.pod.name'],
  ['container', 'k8s.container.name'],
  ['container_id', 'container.id'],
  ['image', 'container.image.name'],
  ['node', 'k8s.node.name'],
  ['process', 'process.executable.name'],
  ['language', 'process.runtime.name'],
  ['unit', 'kube_eagle.unit'],
  ['profiler', 'kube_eagle.profiler'],
  ['task_id', 'kube_eagle.task.id'],
];

const ATTRIBUTE_OF_LABEL = new Map(ATTRIBUTES);
const LABEL_OF_ATTRIBUTE = new Map(ATTRIBUTES.map(([label, attribute]) => [attribute, label]));

/** The attribute that a label travels as. */
export function attributeOfLabel(label: string): string {
  return ATTRIBUTE_OF_LABEL.get(label) ?? label;
}

/**
 * The label of an attribute: ours where it is known, else its name with every character that labels
 * may not have as `_`.
 */
export function labelOfAttribute(attribute: string): string {
  return LABEL_OF_ATTRIBUTE.get(attribute) ?? labelName(attribute);
}

/** Owners of pods as labels that collectors send, those that own the others last. */
const OWNERS: readonly (readonly [label: string, kind: string])[] = [
  ['k8s_replicaset_name', 'ReplicaSet'],
  ['k8s_job_name', 'Job'],
  ['k8s_daemonset_name', 'DaemonSet'],
  ['k8s_statefulset_name', 'StatefulSet'],
  ['k8s_cronjob_name', 'CronJob'],
  ['k8s_deployment_name', 'Deployment'],
];

/**
 * Labels that follow from others and hold where they are not given themselves: the node from the
 * host's name, the workload from that of a pod's owner.
 */
export function impliedLabels(
  labels: readonly (readonly [name: string, value: string])[],
): readonly (readonly [name: string, value: string])[] {
  const known = new Map(labels);
  const implied: [string, string][] = [];
  const host = known.get('host_name');
  if (host !== undefined) implied.push(['node', host]);
  const owner = OWNERS.findLast(([label]) => known.has(label));
  // A kind without its name, or the other way round, would be mixed with the sender's.
  if (owner === undefined || known.has('workload')) return implied;
  const [label, kind] = owner;
  return [...implied, ['workload', known.get(label) ?? ''], ['workload_kind', kind]];
}

/** A name as labels may have it: `[a-zA-Z_][a-zA-Z0-9_]*`. */
export function labelName(text: string): string {
  const name = text.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^[a-zA-Z_]/.test(name) ? name : `_${name}`;
}
