import { FRAME_KINDS } from '../model/profile.ts';
import { truncationText } from '../model/truncation.ts';
import type { CallTree } from './call-tree.ts';

/** Stacks that were cut for one reason at one place. */
export interface Truncation {
  /** In words, such as `no unwind table in libfoo.so`. */
  readonly reason: string;
  /** Their part of the tree's total, 0 to 1. */
  readonly share: number;
}

const MARKER = FRAME_KINDS.indexOf('abort-marker');

/** Why and where stacks were cut, the largest share first: the markers right below the root. */
export function truncations(tree: CallTree): Truncation[] {
  const whole = tree.total[0] ?? 0;
  const found: Truncation[] = [];
  for (let row = 1; row < tree.length; row++) {
    if (tree.parent[row] !== 0 || tree.kind[row] !== MARKER || whole === 0) continue;
    const reason = truncationText(tree.names[tree.name[row] ?? 0] ?? '');
    found.push({ reason, share: (tree.total[row] ?? 0) / whole });
  }
  return found.sort((a, b) => b.share - a.share || (a.reason < b.reason ? -1 : 1));
}
