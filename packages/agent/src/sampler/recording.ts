import { createProblems, FRAME_KINDS, type Parsed } from '@kube-eagle/profile';
import { z } from 'zod';
import { ADDRESS_SPACES, type SampleWindow, STACK_ENDS } from './sampler.ts';

/**
 * Windows as JSON text, to be replayed: the tables of a window as they are, and a list of stacks. A
 * frame is a word and an address, the leaf first: `file:0:0x1139` (row of the executable),
 * `kernel:0xffff81000000`, `anonymous:0x7f0000000000`, `interpreted:0x0` (row of the interpreted).
 */
const Frame = z.string().regex(/^(file:\d{1,9}|kernel|anonymous|interpreted):0x[0-9a-f]{1,13}$/);
const Count = z.number().nonnegative();

const Window = z.object({
  startMs: Count,
  durationNs: Count,
  rateHz: Count,
  lost: Count,
  processes: z.array(
    z.object({
      pid: Count,
      startTicks: Count,
      comm: z.string(),
      exe: z.string(),
      containerId: z.string(),
      unit: z.string(),
    }),
  ),
  executables: z.array(z.object({ path: z.string(), openPath: z.string(), buildId: z.string() })),
  interpreted: z
    .array(
      z.object({
        text: z.string(),
        kind: z.enum(FRAME_KINDS),
        file: z.string(),
        line: z.int().nonnegative(),
        isReason: z.boolean().exactOptional(),
      }),
    )
    .optional(),
  stacks: z.array(
    z.object({
      process: z.int().nonnegative(),
      count: Count,
      end: z.enum(STACK_ENDS),
      frames: z.array(Frame),
    }),
  ),
});

/** A window as a recording has it: a list of stacks instead of columns. */
export type RecordedWindow = z.infer<typeof Window>;

const Recording = z.object({ windows: z.array(z.unknown()) });

/** Reads a recording; windows that are not sound are left out and said so. */
export function parseRecording(text: string): Parsed<readonly SampleWindow[]> {
  const problems = createProblems();
  const recording = Recording.safeParse(parseJson(text));
  if (!recording.success) {
    return { value: [], problems: ['expected a JSON object with a list of windows'] };
  }
  const windows: SampleWindow[] = [];
  recording.data.windows.forEach((each, i) => {
    const window = Window.safeParse(each);
    if (!window.success) problems.add(`window ${i}: ${z.prettifyError(window.error)}`);
    else if (!areRowsSound(window.data)) problems.add(`window ${i}: expected rows of its tables`);
    else windows.push(windowOf(window.data));
  });
  return { value: windows, problems: problems.list() };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const executableOf = (frame: string): number =>
  frame.startsWith('file:') ? Number(frame.split(':')[1]) : -1;

const interpretedOf = (frame: string): number =>
  frame.startsWith('interpreted:') ? Number(frame.split(':')[1]) : -1;

const areRowsSound = ({
  processes,
  executables,
  interpreted = [],
  stacks,
}: RecordedWindow): boolean =>
  stacks.every(
    ({ process, frames }) =>
      process < processes.length &&
      frames.every(
        (frame) =>
          executableOf(frame) < executables.length && interpretedOf(frame) < interpreted.length,
      ),
  );

/** The columns of a recorded window. */
export function windowOf(window: RecordedWindow): SampleWindow {
  const frames = window.stacks.flatMap((stack) => stack.frames);
  const firstFrame = new Int32Array(window.stacks.length + 1);
  window.stacks.forEach((stack, i) => {
    firstFrame[i + 1] = (firstFrame[i] ?? 0) + stack.frames.length;
  });
  return {
    ...window,
    interpreted: window.interpreted ?? [],
    stacks: {
      length: window.stacks.length,
      process: Int32Array.from(window.stacks, (stack) => stack.process),
      count: Float64Array.from(window.stacks, (stack) => stack.count),
      end: Uint8Array.from(window.stacks, (stack) => STACK_ENDS.indexOf(stack.end)),
      firstFrame,
    },
    frames: {
      length: frames.length,
      space: Uint8Array.from(frames, (frame) =>
        ADDRESS_SPACES.findIndex((space) => frame.startsWith(space)),
      ),
      executable: Int32Array.from(frames, executableOf),
      address: Float64Array.from(frames, (frame) =>
        Number(frame.slice(frame.lastIndexOf(':') + 1)),
      ),
    },
  };
}

/** The text that {@link parseRecording} reads back as the same windows. */
export function formatRecording(windows: readonly SampleWindow[]): string {
  return `${JSON.stringify({ windows: windows.map(recordedOf) }, undefined, 1)}\n`;
}

/** The list of stacks of a window. */
export function recordedOf(window: SampleWindow): RecordedWindow {
  const { stacks, frames, processes, executables, interpreted, ...span } = window;
  const frameAt = (row: number): string => {
    const space = ADDRESS_SPACES[frames.space[row] ?? 0];
    const place = space === 'file' ? `file:${frames.executable[row]}` : space;
    return `${place}:0x${(frames.address[row] ?? 0).toString(16)}`;
  };
  return {
    ...span,
    processes: [...processes],
    executables: [...executables],
    interpreted: [...interpreted],
    stacks: Array.from({ length: stacks.length }, (_, i) => ({
      process: stacks.process[i] ?? 0,
      count: stacks.count[i] ?? 0,
      end: STACK_ENDS[stacks.end[i] ?? 0] ?? 'complete',
      frames: Array.from(
        { length: (stacks.firstFrame[i + 1] ?? 0) - (stacks.firstFrame[i] ?? 0) },
        (_frame, at) => frameAt((stacks.firstFrame[i] ?? 0) + at),
      ),
    })),
  };
}
