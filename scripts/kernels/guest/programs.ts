import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Where the programs lie whose profile is known. */
export const PROGRAMS = process.env['KERNELS_PROGRAMS'] ?? '/programs';
/** Node as this process was started. */
export const NODE: readonly string[] = [process.execPath, ...process.execArgv];
/** Seconds after which a program ends by itself. */
const LIFE = '3600';

/** A program and what is known of its stacks. */
export interface Program {
  readonly name: string;
  readonly command: readonly [path: string, ...args: string[]];
  /** Frames that its stacks have on the average, at least. */
  readonly frames: number;
  /** It first reads and compiles a library, which takes an emulated CPU some seconds. */
  readonly isSlowToBegin?: boolean;
  /** A function that nearly all of its stacks go through; absent where none is that often. */
  readonly through?: RegExp;
}

const SPEND = /spend_(seventy|thirty)/;
/** V8 then says what its code is called; of functions put into others it never does. */
const NAMED = [
  ...['--perf-basic-prof', '--interpreted-frames-native-stack'],
  ...['--no-turbo-inlining', '--no-maglev-inlining'],
];
/** Without what the library would have to compile first. */
const PYTHON = ['/usr/bin/python3', '-I', '-S'] as const;

const hidden = (kind: string, frames: number): Program => ({
  name: `C++ ${kind}`,
  command: [`${PROGRAMS}/hidden`, kind, LIFE],
  frames,
  through: SPEND,
});

const sharing = (name: string, words: Program['command'], frames: number) => ({
  name,
  command: [...words, LIFE] as const,
  frames,
  through: SPEND,
});

/** Programs whose stacks must be whole. */
export const TRUTHS: readonly Program[] = [
  sharing('C by frame pointers', [`${PROGRAMS}/split`], 3),
  { ...sharing('C of 30 frames', [`${PROGRAMS}/deep`], 30), through: /main/ },
  hidden('recursion', 25),
  hidden('callback', 6),
  hidden('exception', 6),
  hidden('signal', 10),
  hidden('plt', 10),
  hidden('plugin', 10),
  sharing('Rust', [`${PROGRAMS}/rust`], 20),
  sharing('Go', [`${PROGRAMS}/go`], 4),
  { ...sharing('Python', [...PYTHON, `${PROGRAMS}/shares.py`], 4), isSlowToBegin: true },
  {
    ...sharing('Node', [process.execPath, ...NAMED, `${PROGRAMS}/shares.cjs`], 8),
    isSlowToBegin: true,
  },
  {
    name: 'system calls',
    command: ['/usr/bin/dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64k'],
    frames: 3,
  },
];

/** A process that ends when it is disposed. */
export interface Running extends Disposable {
  readonly pid: number;
}

/** In a guest programs leave the agent its share of an emulated CPU. */
const { PRIORITY_LOW, PRIORITY_NORMAL } = constants.priority;
const PRIORITY = process.env['KERNELS_PROGRAMS'] === undefined ? PRIORITY_LOW : PRIORITY_NORMAL;

/** Starts a program; `undefined` where this machine has none. */
export function start([path, ...args]: Program['command']): Running | undefined {
  if (!existsSync(path)) return undefined;
  const child: ChildProcess = spawn(path, args, { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  setPriority(pid, PRIORITY);
  return { pid, [Symbol.dispose]: () => child.kill('SIGKILL') };
}
