import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readProcFile } from './process.ts';

const MAX_GROUPS = 4_096;

/** The processes in a control group and those below it, by its directory; each once. */
export function processesIn(directory: string): readonly number[] {
  const pids = new Set<number>();
  const waiting = [directory];
  for (let groups = 0; waiting.length > 0 && groups < MAX_GROUPS; groups++) {
    const at = waiting.pop() ?? '';
    for (const pid of (readProcFile(join(at, 'cgroup.procs')) ?? '').split('\n')) {
      if (Number(pid) > 0) pids.add(Number(pid));
    }
    waiting.push(...foldersIn(at).map((name) => join(at, name)));
  }
  return [...pids];
}

function foldersIn(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}
