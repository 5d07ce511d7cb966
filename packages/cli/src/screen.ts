import { once } from 'node:events';
import type { WriteStream } from 'node:tty';
import type { Screen } from './shell.ts';

const DEFAULT_WIDTH = 100;
const LEAST_WIDTH = 40;

/**
 * A standard stream as a screen. Colours where it is a terminal, unless NO_COLOR is set or TERM is
 * dumb (https://no-color.org); as wide as the terminal, else as COLUMNS says, else 100.
 */
export function createScreen(
  stream: WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const isTty = stream.isTTY === true;
  const canRewrite = isTty && env['TERM'] !== 'dumb';
  return {
    isTty,
    canRewrite,
    hasColour: canRewrite && !env['NO_COLOR'],
    get width() {
      const said = Number(env['COLUMNS']);
      const width = stream.columns || (Number.isInteger(said) && said > 0 ? said : DEFAULT_WIDTH);
      return Math.max(LEAST_WIDTH, width);
    },
    async write(chunk) {
      if (!stream.write(chunk)) await once(stream, 'drain');
    },
  };
}
