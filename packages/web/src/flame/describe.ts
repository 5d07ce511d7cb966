import {
  type CallTree,
  cutBelow,
  type FlameLayout,
  FRAME_KINDS,
  type FrameKind,
  formatShare,
  formatValue,
} from '@kube-eagle/profile';
import { nameOf } from './path.ts';
import { childrenOf } from './step.ts';

const KIND_NAMES: Readonly<Record<FrameKind, string>> = {
  unknown: '',
  native: 'native',
  kernel: 'kernel',
  go: 'Go',
  rust: 'Rust',
  cpython: 'Python',
  jvm: 'JVM',
  v8js: 'JavaScript',
  ruby: 'Ruby',
  php: 'PHP',
  perl: 'Perl',
  dotnet: '.NET',
  beam: 'Erlang',
  luajit: 'Lua',
  'abort-marker': 'unwinding stopped here',
};

/** The kind of a row for people; `''` where nothing is known. */
export function kindName(kind: number): string {
  return KIND_NAMES[FRAME_KINDS[kind] ?? 'unknown'];
}

/** Lines about what was cut below a row. */
export function cutFactsOf(
  layout: FlameLayout,
  row: number,
  unit: string,
): readonly (readonly [name: string, value: string])[] {
  const cut = cutBelow(layout, row);
  const all = layout.tree.total[0] ?? 0;
  return [['Total', `${formatValue(cut, unit)} · ${formatShare(cut, all)}`]];
}

/** Lines about a row: what it is, and how much of what. */
export function factsOf(
  layout: FlameLayout,
  row: number,
  { unit, zoomRow }: { readonly unit: string; readonly zoomRow: number },
): readonly (readonly [name: string, value: string])[] {
  const { tree } = layout;
  const total = tree.total[row] ?? 0;
  const all = tree.total[0] ?? 0;
  const ofZoom = tree.total[zoomRow] ?? 0;
  const self = tree.self[row] ?? 0;
  const cut = cutBelow(layout, row);
  return [
    ['Total', `${formatValue(total, unit)} · ${formatShare(total, all)}`],
    ['Self', `${formatValue(self, unit)} · ${formatShare(self, all)}`],
    ...(zoomRow > 0 ? [['Of the zoom', formatShare(total, ofZoom)] as const] : []),
    ...(cut > 0 ? [['Cut below', formatValue(cut, unit)] as const] : []),
  ];
}

/** One sentence about a row, for those who hear the page. */
export function sentenceOf(tree: CallTree, row: number): string {
  const all = tree.total[0] ?? 0;
  const shares = [
    `${formatShare(tree.total[row] ?? 0, all)} total`,
    `${formatShare(tree.self[row] ?? 0, all)} self`,
  ];
  if (row === 0) return ['everything', ...shares].join(', ');
  const { place, count } = placeOf(tree, row);
  return [nameOf(tree, row), ...shares, `${place} of ${count}`].join(', ');
}

/** Which of its caller's callees a row is, from 1. */
export function placeOf(
  tree: CallTree,
  row: number,
): { readonly place: number; readonly count: number } {
  if (row === 0) return { place: 1, count: 1 };
  const siblings = childrenOf(tree, tree.parent[row] ?? 0);
  return { place: siblings.indexOf(row) + 1, count: siblings.length };
}
