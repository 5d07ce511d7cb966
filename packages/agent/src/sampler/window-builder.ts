import { findRange } from './address-space.ts';
import type { CodeFile } from './executable-table.ts';
import { type Image, imageKey } from './image-table.ts';
import {
  ADDRESS_SPACES,
  type AddressSpace,
  type Executable,
  type InterpretedFrame,
  type Process,
  type SampleWindow,
  STACK_ENDS,
  type StackEnd,
} from './sampler.ts';

const SPACE: Readonly<Record<AddressSpace, number>> = {
  kernel: ADDRESS_SPACES.indexOf('kernel'),
  file: ADDRESS_SPACES.indexOf('file'),
  anonymous: ADDRESS_SPACES.indexOf('anonymous'),
  interpreted: ADDRESS_SPACES.indexOf('interpreted'),
};

/** Collects the stacks of one window: a stack's frames, the leaf first, then the stack. */
export interface WindowBuilder {
  kernelFrame(address: number): void;
  fileFrame(file: CodeFile, address: number): void;
  anonymousFrame(address: number): void;
  /** Equal frames should be the same object. */
  interpretedFrame(frame: InterpretedFrame): void;
  /** A frame by its address in memory; false where the image has no code there. */
  userFrame(image: Image, address: number): boolean;
  /** Ends the stack that the frames since the last one make. */
  stack(image: Image, count: number, end: StackEnd): void;
  finish(span: WindowSpan): SampleWindow;
}

/** When and how a window was sampled. */
export type WindowSpan = Pick<SampleWindow, 'startMs' | 'durationNs' | 'rateHz' | 'lost'>;

/** Rows of distinct things in the order they are first met. */
function createRows<Row>() {
  const numbers = new Map<string | number | object, number>();
  const rows: Row[] = [];
  return {
    rows,
    number(key: string | number | object, row: Row): number {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, rows.length);
      return rows.push(row) - 1;
    },
  };
}

/** An empty window to add to. */
export function createWindowBuilder(): WindowBuilder {
  const processes = createRows<Process>();
  const executables = createRows<Executable>();
  const interpreted = createRows<InterpretedFrame>();
  const frames = { space: [] as number[], executable: [] as number[], address: [] as number[] };
  const stacks = {
    process: [] as number[],
    count: [] as number[],
    end: [] as number[],
    firstFrame: [0],
  };

  function frame(space: number, executable: number, address: number): void {
    frames.space.push(space);
    frames.executable.push(executable);
    frames.address.push(address);
  }

  function fileFrame(file: CodeFile, address: number): void {
    frame(SPACE.file, executables.number(file.number, file.executable), address);
  }

  const anonymousFrame = (address: number): void => frame(SPACE.anonymous, -1, address);

  return {
    kernelFrame: (address) => frame(SPACE.kernel, -1, address),
    fileFrame,
    anonymousFrame,
    interpretedFrame: (each) => frame(SPACE.interpreted, -1, interpreted.number(each, each)),
    userFrame(image, address) {
      const range = findRange(image.ranges, address);
      if (range?.file) fileFrame(range.file, address - range.bias);
      else if (range) anonymousFrame(address);
      return range !== undefined;
    },
    stack(image, count, end) {
      stacks.process.push(processes.number(imageKey(image.id), image.process));
      stacks.count.push(count);
      stacks.end.push(STACK_ENDS.indexOf(end));
      stacks.firstFrame.push(frames.space.length);
    },
    finish: (span) => ({
      ...span,
      processes: processes.rows,
      executables: executables.rows,
      interpreted: interpreted.rows,
      stacks: {
        length: stacks.process.length,
        process: Int32Array.from(stacks.process),
        count: Float64Array.from(stacks.count),
        end: Uint8Array.from(stacks.end),
        firstFrame: Int32Array.from(stacks.firstFrame),
      },
      frames: {
        length: frames.space.length,
        space: Uint8Array.from(frames.space),
        executable: Int32Array.from(frames.executable),
        address: Float64Array.from(frames.address),
      },
    }),
  };
}
