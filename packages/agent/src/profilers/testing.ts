import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFolded } from '@kube-eagle/profile';
import { readSettings } from '../settings.ts';
import { type ProfiledProcess, readProfiledProcess } from './profiled-process.ts';
import type { Ask, Collected, ProcessProfiler } from './profiler.ts';

/** What tests of profilers share: programs that run, and ways to read what came of them. */

const root = join(import.meta.dirname, '../../../..');

const isRoot = process.getuid?.() === 0;

/** Seconds after which a program ends by itself, should its test not end it. */
export const LIFE = '120';

/** Where set-up has put the profilers. */
export const PROFILERS_FOLDER: string = readSettings([], {}).profilers;

export const goldenProgram = (name: string): string => join(root, 'golden/programs', name);

/** Why a profiler or a runtime cannot be tested here; `false` where it can. */
export function missing(files: readonly string[], commands: readonly string[]): string | false {
  const lacking = [
    ...files.map((name) => join(PROFILERS_FOLDER, name)).filter((path) => !existsSync(path)),
    ...commands.filter((command) => !hasCommand(command)),
    ...(isRoot ? [] : ['root']),
  ];
  return lacking.length > 0 && `not here: ${lacking.join(', ')}`;
}

function hasCommand(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
}

/** A folder that all users can read, outside of those that programs in namespaces may not see. */
export function testFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(isRoot ? '/var/cache' : tmpdir(), 'kube-eagle-test-'));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A program that runs until it is disposed. */
export interface Running extends AsyncDisposable {
  readonly process: ProfiledProcess;
  /** What it has written to its output so far. */
  readonly said: () => string;
}

/** Starts a program and waits until it has said `ready`, if only its own child then does the work. */
export async function run(command: string, words: readonly string[]): Promise<Running> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let said = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready')) resolve();
    });
  });
  await Promise.race([ready, ended]);
  const process = await readProfiledProcess(childOf(child));
  if (!process) throw new Error(`${command} ended early: ${said}`);
  return {
    process,
    said: () => said,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Of a program that only starts another one in a namespace, that other one. */
function childOf({ pid = 0, spawnfile }: ChildProcess): number {
  if (spawnfile !== 'unshare') return pid;
  const children = execFileSync('cat', [`/proc/${pid}/task/${pid}/children`], { encoding: 'utf8' });
  return Number(children.trim().split(' ')[0] || pid);
}

/** What tests ask for where nothing else matters. */
export function askFor(other: Partial<Ask> = {}): Ask {
  return { event: 'cpu', rateHz: 99, durationMs: 1_000, nativeFrames: false, ...other };
}

/** Folded text of what was taken; throws what was said where nothing was. */
export function foldedOf(collected: Collected): string {
  if (collected.kind === 'taken') return [...writeFolded(collected.profile)].join('');
  throw new Error(`${collected.reason}: ${collected.message}`);
}

const TRIES = 5;

/** Folded text that has what is expected, of longer and longer stretches: the machine may be busy. */
export async function foldedWith(
  expected: RegExp,
  profiler: ProcessProfiler,
  process: ProfiledProcess,
  ask: Ask = askFor(),
): Promise<string> {
  let folded = '';
  for (let tried = 1; tried <= TRIES && !expected.test(folded); tried++) {
    const stretch = { ...ask, durationMs: ask.durationMs * tried };
    folded = foldedOf(await profiler.collect(process, stretch, new AbortController().signal));
  }
  return folded;
}
