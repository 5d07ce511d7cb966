import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['← →', 'move to the function beside'],
  ['↑ ↓', 'move to the caller or the largest callee'],
  ['Enter', 'zoom to the selected function'],
  ['Esc', 'zoom out, close'],
  ['c', 'copy the selected stack'],
  ['/', 'search'],
  ['?', 'this help'],
];

/** The keys, and how to read the picture. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="help" ref={dialog} aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Reading the graph</h2>
      <p>
        A box is a function, its width the value of the stacks it is in. What it calls hangs below
        it. Colours tell languages apart, shades packages. Click a box to zoom, right-click it for
        more; drag over the timeline to choose a time.
      </p>
      <h2>Keys</h2>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="button primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
