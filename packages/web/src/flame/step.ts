import type { CallTree } from '@kube-eagle/profile';
import { endOf } from './path.ts';

/** Where the selection can go from a row. */
export type Step = 'caller' | 'callee' | 'previous' | 'next' | 'first' | 'last';

/**
 * The row one step away: its caller, its largest callee, its neighbors below the same caller; the row
 * itself where there is none. O(rows below the caller).
 */
export function stepFrom(tree: CallTree, row: number, step: Step): number {
  if (step === 'caller') return Math.max(0, tree.parent[row] ?? 0);
  if (step === 'callee') return largest(tree, childrenOf(tree, row)) ?? row;
  if (row === 0) return row;
  const siblings = childrenOf(tree, tree.parent[row] ?? 0);
  const at = siblings.indexOf(row);
  const to = { previous: at - 1, next: at + 1, first: 0, last: siblings.length - 1 }[step];
  return siblings[to] ?? row;
}

/** Rows right below a row, in their order. */
export function childrenOf(tree: CallTree, row: number): number[] {
  const end = endOf(tree, row);
  const children: number[] = [];
  for (let at = row + 1; at < end; at++) if (tree.parent[at] === row) children.push(at);
  return children;
}

function largest(tree: CallTree, rows: readonly number[]): number | undefined {
  const [first, ...rest] = rows;
  if (first === undefined) return undefined;
  return rest.reduce((a, b) => ((tree.total[b] ?? 0) > (tree.total[a] ?? 0) ? b : a), first);
}

/** The step an arrow key means; `undefined` for other keys. */
export function stepOfKey(key: string, growth: 'icicle' | 'flame'): Step | undefined {
  const isIcicle = growth === 'icicle';
  const steps: Readonly<Record<string, Step>> = {
    ArrowUp: isIcicle ? 'caller' : 'callee',
    ArrowDown: isIcicle ? 'callee' : 'caller',
    ArrowLeft: 'previous',
    ArrowRight: 'next',
    Home: 'first',
    End: 'last',
  };
  return steps[key];
}
