import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface DropdownProps {
  readonly label: ComponentChildren;
  /** What the button does, where its label does not say it. */
  readonly title?: string;
  /** Side of the button that the panel is flush with. */
  readonly align?: 'left' | 'right';
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a panel below it; Escape or a click elsewhere closes it. */
export function Dropdown({ label, title, align = 'left', children }: DropdownProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return undefined;
    element.current?.querySelector<HTMLElement>('.panel input, .panel button, .panel a')?.focus();
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && !element.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    return () => document.removeEventListener('pointerdown', closeOutside);
  }, [isOpen]);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape bubbles here from whatever is inside.
    <div
      class="dropdown"
      ref={element}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button
        type="button"
        class="button"
        ref={button}
        title={title}
        aria-label={title}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
        <span class="caret" aria-hidden="true" />
      </button>
      {isOpen && <div class={`panel ${align}`}>{children(close)}</div>}
    </div>
  );
}
