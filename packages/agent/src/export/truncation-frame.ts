import {
  type FrameId,
  type ProfileBuilder,
  type TruncationCause,
  truncationName,
} from '@kube-eagle/profile';
import {
  ADDRESS_SPACES,
  type SampleWindow,
  STACK_ENDS,
  type StackEnd,
} from '../sampler/sampler.ts';

/** None of walks that came to the bottom, or had none to come to. */
const CAUSES: Readonly<Record<StackEnd, TruncationCause | undefined>> = {
  complete: undefined,
  guessed: undefined,
  no_user: undefined,
  no_process: 'process gone',
  no_mapping: 'no code',
  unreadable: 'unreadable stack',
  too_deep: 'too deep',
  bad_frame: 'broken frame',
  bad_guess: 'no unwind table',
  '32_bit': '32-bit program',
};

/** Causes that no file is to blame for. */
const NOWHERE: readonly TruncationCause[] = ['process gone', 'too deep', '32-bit program'];

/** The frame that says why the stack of a row is cut, and in which file; `undefined` for a whole one. */
export function truncationFrame(
  window: SampleWindow,
  row: number,
  builder: ProfileBuilder,
): FrameId | undefined {
  const end = STACK_ENDS[window.stacks.end[row] ?? 0] ?? 'complete';
  const causeOfEnd = CAUSES[end];
  if (causeOfEnd === undefined) return undefined;
  const { cause, path } = blamed(window, row, causeOfEnd);
  const file = path.slice(path.lastIndexOf('/') + 1);
  return builder.frame({
    function: builder.function(truncationName(cause, file)),
    kind: 'abort-marker',
  });
}

/** The file of the outermost frame that is known: its caller was not found. */
function blamed(
  { stacks, frames, executables }: SampleWindow,
  row: number,
  cause: TruncationCause,
): { readonly cause: TruncationCause; readonly path: string } {
  const leaf = stacks.firstFrame[row] ?? 0;
  const outermost = (stacks.firstFrame[row + 1] ?? 0) - 1;
  if (NOWHERE.includes(cause) || outermost < leaf) return { cause, path: '' };
  switch (ADDRESS_SPACES[frames.space[outermost] ?? 0]) {
    case 'file':
      return { cause, path: executables[frames.executable[outermost] ?? -1]?.path ?? '' };
    case 'anonymous':
      // Generated code has no table anywhere: what it should have kept is the frame pointer.
      return {
        cause: cause === 'no unwind table' ? 'no frame pointer' : cause,
        path: 'generated code',
      };
    default:
      return { cause, path: '' };
  }
}
