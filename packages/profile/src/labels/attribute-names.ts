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

/** A name as labels may have it: `[a-zA-Z_][a-zA-Z0-9_]*`. */
export function labelName(text: string): string {
  const name = text.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^[a-zA-Z_]/.test(name) ? name : `_${name}`;
}
