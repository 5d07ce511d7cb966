import { type Labels, labelsKey, labelsOf } from '@kube-eagle/profile';
import { listOf, recordOf, textOf } from './json-fields.ts';

/** What every object has. */
export interface ObjectName {
  /** Empty for what is in none, such as nodes. */
  readonly namespace: string;
  readonly name: string;
}

/** The object that controls another. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodContainer {
  readonly name: string;
  /** Without the runtime's name before it. */
  readonly id: string;
  readonly isRunning: boolean;
}

export interface Pod extends ObjectName {
  /** Empty until it is scheduled. */
  readonly node: string;
  readonly owner: Owner | undefined;
  readonly labels: Labels;
  /** As an annotation wants it; empty where there is none. */
  readonly serviceName: string;
  /** Those that began once, also earlier runs of one that was restarted. */
  readonly containers: readonly PodContainer[];
}

/** A deployment, a replica set, a job and so on: what owns pods or owners of pods. */
export interface WorkloadObject extends ObjectName {
  readonly uid: string;
  readonly owner: Owner | undefined;
}

export interface Service extends ObjectName {
  /** Labels of its pods; empty where its endpoints are written by hand. */
  readonly selector: Labels;
}

/** A part of a service's endpoints. */
export interface EndpointSlice extends ObjectName {
  readonly service: string;
  /** Names of pods in its namespace. */
  readonly pods: readonly string[];
}

/**
 * OpenTelemetry's way for a pod to say what service it is of.
 * https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/
 */
const SERVICE_ANNOTATION = 'resource.opentelemetry.io/service.name';

/** Readers of objects as the API has them; `undefined` for what has no name. */
export interface ObjectReader {
  readonly pod: (object: unknown) => Pod | undefined;
  readonly workload: (object: unknown) => WorkloadObject | undefined;
  readonly node: (object: unknown) => ObjectName | undefined;
  readonly service: (object: unknown) => Service | undefined;
  readonly endpointSlice: (object: unknown) => EndpointSlice | undefined;
}

/** A reader that keeps few fields, and equal ones once, so that a cluster takes little memory. */
export function createObjectReader(): ObjectReader {
  const share = createShare();
  const named = (object: unknown): (ObjectName & { metadata: Metadata }) | undefined => {
    const metadata = recordOf(recordOf(object)['metadata']);
    const name = textOf(metadata['name']);
    const namespace = share.text(textOf(metadata['namespace']));
    return name === '' ? undefined : { namespace, name, metadata };
  };
  const specOf = (object: unknown) => recordOf(recordOf(object)['spec']);
  return {
    pod(object) {
      const found = named(object);
      if (!found) return undefined;
      const { namespace, name, metadata } = found;
      return {
        namespace,
        name,
        node: share.text(textOf(specOf(object)['nodeName'])),
        owner: share.owner(ownerOf(metadata)),
        labels: share.labels(labelsIn(metadata['labels'])),
        serviceName: share.text(textOf(recordOf(metadata['annotations'])[SERVICE_ANNOTATION])),
        containers: containersOf(object, share.text),
      };
    },
    workload(object) {
      const found = named(object);
      if (!found) return undefined;
      const { namespace, name, metadata } = found;
      return { namespace, name, uid: textOf(metadata['uid']), owner: ownerOf(metadata) };
    },
    node(object) {
      const found = named(object);
      return found && { namespace: '', name: found.name };
    },
    service(object) {
      const found = named(object);
      if (!found) return undefined;
      const { namespace, name } = found;
      return { namespace, name, selector: share.labels(labelsIn(specOf(object)['selector'])) };
    },
    endpointSlice(object) {
      const found = named(object);
      if (!found) return undefined;
      const { namespace, name, metadata } = found;
      const service = textOf(recordOf(metadata['labels'])['kubernetes.io/service-name']);
      const pods = listOf(recordOf(object)['endpoints'])
        .map((endpoint) => recordOf(recordOf(endpoint)['targetRef']))
        .filter(({ kind }) => kind === 'Pod')
        .map((reference) => textOf(reference['name']));
      return { namespace, name, service, pods };
    },
  };
}

type Metadata = Readonly<Record<string, unknown>>;

function ownerOf(metadata: Metadata): Owner | undefined {
  const owner = listOf(metadata['ownerReferences'])
    .map(recordOf)
    .find(({ controller }) => controller === true);
  return (
    owner && { kind: textOf(owner['kind']), name: textOf(owner['name']), uid: textOf(owner['uid']) }
  );
}

function labelsIn(value: unknown): Labels {
  return labelsOf(Object.entries(recordOf(value)).map(([name, text]) => [name, textOf(text)]));
}

const STATUS_LISTS = [
  'containerStatuses',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
] as const;

function containersOf(object: unknown, shared: (text: string) => string): readonly PodContainer[] {
  const status = recordOf(recordOf(object)['status']);
  return STATUS_LISTS.flatMap((list) => listOf(status[list])).flatMap((entry) => {
    const container = recordOf(entry);
    const name = shared(textOf(container['name']));
    const isRunning = recordOf(container['state'])['running'] !== undefined;
    const before = recordOf(recordOf(container['lastState'])['terminated']);
    const id = idOf(container['containerID']);
    const earlierId = idOf(before['containerID']);
    return [
      ...(id === '' ? [] : [{ name, id, isRunning }]),
      ...(earlierId === '' || earlierId === id ? [] : [{ name, id: earlierId, isRunning: false }]),
    ];
  });
}

/** The id in `containerd://4f5e…`. */
function idOf(reference: unknown): string {
  const text = textOf(reference);
  const at = text.indexOf('://');
  return at < 0 ? '' : text.slice(at + 3);
}

const MAX_SHARED = 100_000;

/** Gives the first of equal values, of those met last. What it forgets is only kept twice. */
function createShare() {
  const first = <T>() => {
    const kept = new Map<string, T>();
    return (key: string, value: T): T => {
      const known = kept.get(key);
      if (known !== undefined) return known;
      if (kept.size >= MAX_SHARED) kept.clear();
      kept.set(key, value);
      return value;
    };
  };
  const texts = first<string>();
  const owners = first<Owner>();
  const labelSets = first<Labels>();
  const text = (value: string): string => texts(value, value);
  return {
    text,
    owner: (owner: Owner | undefined) => owner && owners(owner.uid, owner),
    labels: (labels: Labels): Labels =>
      labelSets(
        labelsKey(labels),
        labels.map(({ name, value }) => ({ name: text(name), value: text(value) })),
      ),
  };
}
