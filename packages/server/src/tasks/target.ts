import {
  formatKubeTarget,
  type KubeTarget,
  parseKubeTarget,
  TARGET_EXAMPLES,
} from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** What a task is to measure. */
export type Target = NodeTarget | PodsTarget;

/** Pods of an object of Kubernetes, or those that a selector chooses where there is none. */
export interface PodsTarget {
  readonly kind: 'pods';
  readonly of: KubeTarget | undefined;
}

/** What runs on one node. */
export type NodeTarget =
  | { readonly kind: 'host' }
  | { readonly kind: 'node'; readonly node: string }
  | (PartOfNode & { readonly node: string | undefined });

/** What runs on a node, as one may ask for it. */
export type PartOfNode =
  | { readonly kind: 'pid'; readonly pid: number }
  /** Its id, or as much of the begin as tells it from others. */
  | { readonly kind: 'container'; readonly id: string }
  /** A service of systemd. */
  | { readonly kind: 'unit'; readonly unit: string }
  /** A container of Docker by its name, or the begin of its id. */
  | { readonly kind: 'docker'; readonly name: string }
  /** Every process of a program, or of a command such as the script that an interpreter runs. */
  | { readonly kind: 'process'; readonly name: string };

/** Largest process id that Linux gives (PID_MAX_LIMIT). */
const MAX_PID = 4_194_304;

const NODE = '[\\w.-]{1,253}';
const WHOLE_NODE = new RegExp(`^node/(${NODE})$`);
/** Names of systemd (systemd.unit(5)) may hold an @ themselves. */
const PART = new RegExp(
  `^(?:pid/(\\d{1,7})|container/([0-9a-f]{4,64})|unit/([\\w:.@\\\\-]{1,247}\\.service)|docker/([a-zA-Z0-9][\\w.-]{0,127})|process/([^/@\\p{C}]{1,64}))(?:@(${NODE}))?$`,
  'u',
);

/**
 * The target of a word: `host`, `node/node-1`, or `pid/1234`, `container/4f5e`, `unit/nginx.service`,
 * `docker/web`, `process/nginx`, each of them also with `@node-1`, or one of Kubernetes such as
 * `deploy/web`. Throws `invalid_argument`.
 */
export function parseTarget(word: string): Target {
  if (word === 'host') return { kind: 'host' };
  const [, wholeNode] = WHOLE_NODE.exec(word) ?? [];
  if (wholeNode !== undefined) return { kind: 'node', node: wholeNode };
  const [, digits, id, unit, docker, program, node] = PART.exec(word) ?? [];
  const pid = Number(digits);
  if (pid >= 1 && pid <= MAX_PID) return { kind: 'pid', pid, node };
  if (id !== undefined) return { kind: 'container', id, node };
  if (unit !== undefined) return { kind: 'unit', unit, node };
  if (docker !== undefined) return { kind: 'docker', name: docker, node };
  if (program !== undefined) return { kind: 'process', name: program, node };
  const of = parseKubeTarget(word);
  if (of) return { kind: 'pods', of };
  throw new EagleError(
    'invalid_argument',
    `expected a target such as ${TARGET_EXAMPLES}, got ${JSON.stringify(word)}`,
  );
}

/** The word of a target. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'host':
      return 'host';
    case 'node':
      return `node/${target.node}`;
    case 'pods':
      return target.of ? formatKubeTarget(target.of) : '';
    default:
      return `${partWord(target)}${target.node === undefined ? '' : `@${target.node}`}`;
  }
}

/** The word of a part without its node. */
export function partWord(part: PartOfNode): string {
  switch (part.kind) {
    case 'pid':
      return `pid/${part.pid}`;
    case 'container':
      return `container/${part.id}`;
    case 'unit':
      return `unit/${part.unit}`;
    case 'docker':
    case 'process':
      return `${part.kind}/${part.name}`;
  }
}
