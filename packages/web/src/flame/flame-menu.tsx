import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Something a menu can do. */
export interface MenuAction {
  readonly name: string;
  /** The key that does it without the menu. */
  readonly key?: string;
  readonly run: () => void;
}

interface FlameMenuProps {
  readonly xPx: number;
  readonly yPx: number;
  readonly actions: readonly MenuAction[];
  readonly onClose: () => void;
}

/** What can be done with one function, at the pointer. Arrow keys move, Escape closes. */
export function FlameMenu({ xPx, yPx, actions, onClose }: FlameMenuProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const menu = element.current;
    if (menu === null) return undefined;
    const left = Math.min(xPx, innerWidth - menu.offsetWidth - 8);
    const top = Math.min(yPx, innerHeight - menu.offsetHeight - 8);
    menu.style.transform = `translate(${left}px, ${top}px)`;
    menu.querySelector('button')?.focus();
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && !menu.contains(event.target)) onClose();
    };
    document.addEventListener('pointerdown', closeOutside);
    return () => document.removeEventListener('pointerdown', closeOutside);
  }, []);

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      onClose();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...(element.current?.querySelectorAll('button') ?? [])];
    const at = buttons.findIndex((button) => button.matches(':focus'));
    buttons.at((at + step) % buttons.length)?.focus();
  }

  return (
    <div
      class="menu-panel at-pointer"
      role="menu"
      tabIndex={-1}
      ref={element}
      onKeyDown={onKeyDown}
    >
      {actions.map(({ name, key, run }) => (
        <button
          key={name}
          type="button"
          role="menuitem"
          onClick={() => {
            onClose();
            run();
          }}
        >
          {name}
          {key !== undefined && <kbd>{key}</kbd>}
        </button>
      ))}
    </div>
  );
}
