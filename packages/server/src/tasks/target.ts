import { EagleError } from '@kube-eagle/profile';

/** What a task is to measure. */
export type Target =
  | { readonly kind: 'host' }
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'pid'; readonly pid: number; readonly node: string | undefined };

/** Largest process id that Linux gives (PID_MAX_LIMIT). */
const MAX_PID = 4_194_304;

/** The target of a word: `pid/1234`, `pid/1234@node-1`, `host`, `node/node-1`. Throws `invalid_argument`. */
export function parseTarget(word: string): Target {
  if (word === 'host') return { kind: 'host' };
  const node = /^node\/([\w.-]{1,253})$/.exec(word)?.[1];
  if (node !== undefined) return { kind: 'node', node };
  const process = /^pid\/(\d{1,7})(?:@([\w.-]{1,253}))?$/.exec(word);
  const pid = Number(process?.[1]);
  if (pid >= 1 && pid <= MAX_PID) return { kind: 'pid', pid, node: process?.[2] };
  throw new EagleError(
    'invalid_argument',
    `expected a target such as pid/1234, pid/1234@NODE, host or node/NAME, got ${JSON.stringify(word)}`,
  );
}

/** The word of a target. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'host':
      return 'host';
    case 'node':
      return `node/${target.node}`;
    case 'pid':
      return `pid/${target.pid}${target.node === undefined ? '' : `@${target.node}`}`;
  }
}
