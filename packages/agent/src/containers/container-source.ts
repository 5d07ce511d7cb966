/** What a container runtime tells of one container. */
export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Who runs it; `cri` stands for containerd and CRI-O. */
  readonly runtime: ContainerRuntime;
  /** Docker's name for it, or that of the container in its pod. */
  readonly name: string;
  /** As it was asked for, such as `nginx:1.27`; an id where the runtime knows nothing better. */
  readonly image: string;
  /** Empty outside Kubernetes, as is `namespace`. */
  readonly pod: string;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
}

export type ContainerRuntime = 'docker' | 'cri';

/** A step in what is known of a runtime's containers. */
export type ContainerChange =
  /** All that run now: what a source begins with. */
  | { readonly kind: 'all'; readonly containers: readonly Container[] }
  | { readonly kind: 'runs'; readonly container: Container }
  | { readonly kind: 'ended'; readonly id: string };

/** Where containers get their names from: the socket of Docker or of a CRI runtime, a script in tests. */
export interface ContainerSource {
  readonly runtime: ContainerRuntime;
  /**
   * All that run, then every change, until `signal` aborts. Throws `unavailable` where nobody answers
   * or the answers end, `permission_denied` where the socket may not be read.
   */
  watch(signal: AbortSignal): AsyncIterable<ContainerChange>;
}

const ID = /^[0-9a-f]{64}$/;
const MAX_LABELS = 128;
/** Of a name, an image, and the name or value of a label. */
const MAX_TEXT = 256;

/** What a runtime says of a container, before it is believed. */
export interface ToldContainer {
  readonly id: unknown;
  readonly name: unknown;
  readonly image: unknown;
  readonly labels: unknown;
}

/**
 * A container as far as what is said of it can be one, texts cut at 256 characters and labels at 128;
 * `undefined` without a whole id. In Kubernetes it is named by the labels that the kubelet sets.
 */
export function soundContainer(
  runtime: ContainerRuntime,
  { id, name, image, labels }: ToldContainer,
): Container | undefined {
  if (typeof id !== 'string' || !ID.test(id)) return undefined;
  const entries = typeof labels === 'object' && labels !== null ? Object.entries(labels) : [];
  const kept = new Map(
    entries.slice(0, MAX_LABELS).map(([label, value]) => [text(label), text(value)]),
  );
  const ofPod = (label: string): string => kept.get(`io.kubernetes.${label}`) ?? '';
  return {
    id,
    runtime,
    name: ofPod('container.name') || text(name),
    image: text(image),
    pod: ofPod('pod.name'),
    namespace: ofPod('pod.namespace'),
    labels: kept,
  };
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
