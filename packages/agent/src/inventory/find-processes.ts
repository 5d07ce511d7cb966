import { readProcess } from '../proc/process.ts';
import { allPids, programName } from './running-process.ts';

/**
 * The processes of a program, by the last part of its path, or of a command, as the kernel calls it; and
 * the names that there are. Looks at all processes, as those of the last seconds are not reported yet.
 */
export function processesNamed(word: string): {
  readonly pids: readonly number[];
  readonly names: readonly string[];
} {
  const pids: number[] = [];
  const names = new Set<string>();
  for (const pid of allPids()) {
    const process = readProcess(pid);
    if (!process || process.exe === '') continue;
    const own = [programName(process), process.comm];
    if (own.includes(word)) pids.push(pid);
    for (const name of own) names.add(name);
  }
  return { pids, names: [...names] };
}
