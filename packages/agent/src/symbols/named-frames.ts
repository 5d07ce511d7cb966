import { FRAME_KINDS, type FrameKind } from '@kube-eagle/profile';
import type { NamedFrames } from './symbolizer.ts';

/** A function as a profile names it. */
export interface NamedFunction {
  /** Empty where it is unknown. */
  readonly text: string;
  readonly kind: FrameKind;
  /** Source file; empty or absent where it is unknown. */
  readonly file?: string;
  /** Source line; 0 or absent where it is unknown. */
  readonly line?: number;
  /** Whether the text says why the function is not known. */
  readonly isReason?: boolean;
}

/** Gathers the rows of {@link NamedFrames}, frame by frame in the order of the window. */
export interface NamedFramesBuilder {
  /** The functions at the next frame, the innermost first; none is a frame without a name. */
  add(functions: readonly NamedFunction[]): void;
  finish(): NamedFrames;
}

const UNNAMED: readonly NamedFunction[] = [{ text: '', kind: 'unknown' }];

/** A builder without rows. */
export function createNamedFrames(): NamedFramesBuilder {
  const strings = createStrings();
  const first = [0];
  const columns = {
    name: [] as number[],
    file: [] as number[],
    line: [] as number[],
    kind: [] as number[],
    inlined: [] as number[],
    isReason: [] as number[],
  };
  return {
    add(functions) {
      const rows = functions.length > 0 ? functions : UNNAMED;
      for (const [row, { text, kind, file = '', line = 0, isReason }] of rows.entries()) {
        columns.name.push(text === '' ? -1 : strings.intern(text));
        columns.file.push(strings.intern(file));
        columns.line.push(line);
        columns.kind.push(FRAME_KINDS.indexOf(kind));
        columns.inlined.push(row < rows.length - 1 ? 1 : 0);
        columns.isReason.push(isReason ? 1 : 0);
      }
      first.push(columns.name.length);
    },
    finish: () => ({
      first: Int32Array.from(first),
      name: Int32Array.from(columns.name),
      file: Int32Array.from(columns.file),
      line: Int32Array.from(columns.line),
      kind: Uint8Array.from(columns.kind),
      inlined: Uint8Array.from(columns.inlined),
      isReason: Uint8Array.from(columns.isReason),
      strings: strings.all,
    }),
  };
}

function createStrings() {
  const all: string[] = [''];
  const rows = new Map<string, number>([['', 0]]);
  return {
    all,
    intern(text: string): number {
      const known = rows.get(text);
      if (known !== undefined) return known;
      rows.set(text, all.length);
      return all.push(text) - 1;
    },
  };
}
