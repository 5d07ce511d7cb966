import type { FrameKind } from '@kube-eagle/profile';
import picocolors from 'picocolors';

/** Colours of text; each gives its text as it is where there are none. */
export type Paint = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'reset'
>;

/** Colours, or none. */
export function createPaint(hasColour: boolean): Paint {
  return picocolors.createColors(hasColour);
}

const COLOURS: Readonly<Partial<Record<FrameKind, keyof Paint>>> = {
  kernel: 'red',
  go: 'cyan',
  rust: 'magenta',
  cpython: 'blue',
  jvm: 'green',
  v8js: 'yellow',
  ruby: 'magenta',
  dotnet: 'magenta',
  unknown: 'dim',
};

/** The colour of one kind of code; native code has the terminal's own. */
export function paintKind(paint: Paint, kind: FrameKind): (text: string) => string {
  const colour = COLOURS[kind];
  return colour === undefined ? (text) => text : paint[colour];
}
