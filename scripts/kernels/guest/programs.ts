import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Where the programs lie whose profile is known. */
export const PROGRAMS = process.env['KERNELS_PROGRAMS'] ?? '/programs';
const LIFE = '600';
const PYTHON = 'def f(n):\n return sum(i * i for i in range(n))\nwhile True: f(1000)';
const SCRIPT = 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2); } for (;;) f(25);';

/** A program and what is known of its stacks. */
export interface Program {
  readonly name: string;
  readonly command: readonly [path: string, ...args: string[]];
  /** Frames that its stacks have on the average, at least. */
  readonly frames: number;
}

const hidden = (kind: string, frames: number): Program => ({
  name: `C++ ${kind}`,
  command: [`${PROGRAMS}/hidden`, kind, LIFE],
  frames,
});

/** Programs whose stacks must be whole. */
export const TRUTHS: readonly Program[] = [
  { name: 'C by frame pointers', command: [`${PROGRAMS}/split`, LIFE], frames: 3 },
  { name: 'C of 30 frames', command: [`${PROGRAMS}/deep`, LIFE], frames: 30 },
  hidden('recursion', 25),
  hidden('callback', 6),
  hidden('exception', 6),
  hidden('signal', 10),
  hidden('plt', 10),
  hidden('plugin', 10),
  { name: 'Rust', command: [`${PROGRAMS}/rust`], frames: 20 },
  { name: 'Python', command: ['/usr/bin/python3', '-c', PYTHON], frames: 8 },
  { name: 'Node', command: [process.execPath, '-e', SCRIPT], frames: 8 },
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

/** Starts a program; `undefined` where this machine has none. */
export function start([path, ...args]: Program['command']): Running | undefined {
  if (!existsSync(path)) return undefined;
  const child: ChildProcess = spawn(path, args, { stdio: 'ignore' });
  return { pid: child.pid ?? 0, [Symbol.dispose]: () => child.kill('SIGKILL') };
}

/** The same, so that it leaves the agent its share of an emulated CPU. */
export function startAside(command: Program['command']): Running | undefined {
  const running = start(command);
  if (running) setPriority(running.pid, constants.priority.PRIORITY_LOW);
  return running;
}
