import type { CallTree } from '@kube-eagle/profile';
import type { JSX } from 'preact';
import { placeOf, sentenceOf } from './describe.ts';

/** Id of the element that stands for a level of the selected path. */
export function pathItemId(level: number): string {
  return `flame-level-${level}`;
}

/**
 * The selected function and its callers as tree items that a screen reader can read: the picture
 * itself says nothing to it.
 */
export function FlamePath({
  tree,
  row,
}: {
  readonly tree: CallTree;
  readonly row: number;
}): JSX.Element {
  const rows: number[] = [];
  for (let at = row; at >= 0; at = tree.parent[at] ?? -1) rows.unshift(at);
  return (
    <>
      {rows.map((at, level) => {
        const { place, count } = placeOf(tree, at);
        return (
          <div
            key={at}
            id={pathItemId(level)}
            class="only-heard"
            role="treeitem"
            tabIndex={-1}
            aria-level={level + 1}
            aria-posinset={place}
            aria-setsize={count}
            aria-selected={at === row}
          >
            {sentenceOf(tree, at)}
          </div>
        );
      })}
    </>
  );
}
