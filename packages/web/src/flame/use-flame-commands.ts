import type { FlameLayout } from '@kube-eagle/profile';
import { useMemo, useState } from 'preact/hooks';
import type { Place } from '../place/place.ts';
import type { MenuAction } from './flame-menu.tsx';
import { followPath, nameOf, pathOf } from './path.ts';
import { exactly } from './search.ts';
import { stepFrom, stepOfKey } from './step.ts';

/** What commands work on. */
export interface CommandsOf {
  readonly layout: FlameLayout;
  readonly place: Place;
  readonly go: (change: Partial<Place>) => void;
  /** Puts text on the clipboard and says so: `what` names it. */
  readonly copy: (text: string, what: string) => void;
  /** Scrolls to a level. */
  readonly reveal: (level: number) => void;
}

/** What can be done in a flame graph, by pointer, menu or key. */
export interface FlameCommands {
  /** Row that the keyboard is at. */
  readonly selected: number;
  readonly zoom: (row: number) => void;
  readonly actionsOf: (row: number) => readonly MenuAction[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Keeps the selection as a path, which outlives the numbers of rows. */
export function useFlameCommands({ layout, place, go, copy, reveal }: CommandsOf): FlameCommands {
  const { tree } = layout;
  const [path, setPath] = useState<readonly string[]>(place.zoom);
  const selected = useMemo(() => followPath(tree, path).row, [tree, path]);

  function zoom(row: number): void {
    setPath(pathOf(tree, row));
    go({ zoom: pathOf(tree, row) });
  }

  function select(row: number): void {
    setPath(pathOf(tree, row));
    reveal(layout.level[row] ?? 0);
  }

  const copyStack = (row: number): void => copy(pathOf(tree, row).join('\n'), 'the stack');

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepOfKey(event.key, place.growth);
    const acts: Readonly<Record<string, () => void>> = {
      Enter: () => zoom(selected),
      Escape: () => zoom(0),
      c: () => copyStack(selected),
    };
    const act = step ? () => select(stepFrom(tree, selected, step)) : acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  const actionsOf = (row: number): MenuAction[] => [
    { name: 'Zoom to it', key: 'Enter', run: () => zoom(row) },
    { name: 'Copy stack', key: 'c', run: () => copyStack(row) },
    { name: 'Copy name', run: () => copy(nameOf(tree, row), 'the name') },
    { name: 'Search for it', run: () => go({ search: exactly(nameOf(tree, row)) }) },
    {
      name: 'Show all its callers',
      run: () => go({ order: 'callers', zoom: [nameOf(tree, row)], search: '' }),
    },
  ];

  return { selected, zoom, actionsOf, onKeyDown };
}
