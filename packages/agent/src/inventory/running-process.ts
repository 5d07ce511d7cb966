import { readdirSync } from 'node:fs';
import { parseMaps } from '../proc/maps.ts';
import { readProcess, readProcFile, readStat } from '../proc/process.ts';
import type { DetectedLanguage } from '../runtimes/detect-language.ts';
import { languageOf } from '../runtimes/language-of.ts';
import type { Process } from '../sampler/sampler.ts';

/** A process of a program, as it was when it was looked at. */
export interface RunningProcess extends Process {
  readonly parentPid: number;
  readonly language: DetectedLanguage;
}

/** Looks at a process; `undefined` for one that is gone and for threads of the kernel. */
export function lookAtProcess(pid: number): RunningProcess | undefined {
  const process = readProcess(pid);
  const stat = readStat(pid);
  if (!process || !stat || process.exe === '') return undefined;
  const mappings = parseMaps(readProcFile(`/proc/${pid}/maps`) ?? '').value;
  const { parentPid } = stat;
  return { ...process, parentPid, language: languageOf(pid, process.exe, mappings) };
}

/** Pids of all processes there are, threads of the kernel too. */
export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What a program is called: the last part of its path, as in the label `process`. */
export function programName({ exe, comm }: Pick<Process, 'exe' | 'comm'>): string {
  return exe.slice(exe.lastIndexOf('/') + 1) || comm;
}
