import type { Shell } from '../shell.ts';
import { clipped, printable } from './printable.ts';

const REDRAW_MS = 200;
const CLEAR_LINE = '\r\u001b[K';

/**
 * A line on the terminal that is drawn again and again until disposed, then gone. Draws nothing
 * where the cursor cannot be moved back.
 */
export function showProgress(shell: Shell, line: () => string): AsyncDisposable {
  const { stderr } = shell;
  if (!stderr.canRewrite) return { async [Symbol.asyncDispose]() {} };
  const draw = (): Promise<void> =>
    stderr.write(`${CLEAR_LINE}${clipped(printable(line()), stderr.width - 1)}`);
  const drawing = shell.every(REDRAW_MS, () => void draw());
  void draw();
  return {
    async [Symbol.asyncDispose]() {
      drawing[Symbol.dispose]();
      await stderr.write(CLEAR_LINE);
    },
  };
}
