/** Kinds of Kubernetes objects that can be asked for, as it names them. */
export type KubeKind =
  | 'CronJob'
  | 'DaemonSet'
  | 'Deployment'
  | 'Job'
  | 'Namespace'
  | 'Pod'
  | 'ReplicaSet'
  | 'Service'
  | 'StatefulSet';

/** An object of Kubernetes whose pods are asked for. */
export interface KubeTarget {
  readonly kind: KubeKind;
  readonly name: string;
}

/** The words of each kind: ours first, then all others that kubectl takes. */
const WORDS: Readonly<Record<KubeKind, readonly string[]>> = {
  Deployment: ['deploy', 'deployment', 'deployments'],
  StatefulSet: ['sts', 'statefulset', 'statefulsets'],
  DaemonSet: ['ds', 'daemonset', 'daemonsets'],
  ReplicaSet: ['rs', 'replicaset', 'replicasets'],
  Job: ['job', 'jobs'],
  CronJob: ['cronjob', 'cronjobs', 'cj'],
  Service: ['svc', 'service', 'services'],
  Pod: ['pod', 'pods', 'po'],
  Namespace: ['ns', 'namespace', 'namespaces'],
};

const KIND_OF_WORD: ReadonlyMap<string, KubeKind> = new Map(
  (Object.entries(WORDS) as [KubeKind, readonly string[]][]).flatMap(([kind, words]) =>
    words.map((word) => [word, kind] as const),
  ),
);

/**
 * A DNS subdomain, what names of objects are at most.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The target of a word such as `deploy/web`; `undefined` for a word that is none of Kubernetes. */
export function parseKubeTarget(word: string): KubeTarget | undefined {
  const slash = word.indexOf('/');
  const kind = KIND_OF_WORD.get(word.slice(0, slash));
  const name = word.slice(slash + 1);
  return kind !== undefined && NAME.test(name) ? { kind, name } : undefined;
}

/** The shortest word of a target: `deploy/web`. A kind we do not know is written as it is. */
export function formatKubeTarget({ kind, name }: { readonly kind: string; name: string }): string {
  const words = Object.hasOwn(WORDS, kind) ? WORDS[kind as KubeKind] : [];
  return `${words[0] ?? kind.toLowerCase()}/${name}`;
}

/** What a target may look like, for messages and help. */
export const TARGET_EXAMPLES: string =
  'deploy/NAME, sts/, ds/, rs/, job/, cronjob/, svc/, pod/ or ns/NAME with -n NAMESPACE, pid/1234, container/ID, unit/NAME.service, docker/NAME, process/NAME, each also with @NODE, host or node/NAME';
