import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../sampler/findings.ts';

/** The files of profilers that are not the agent's own, by the profiler's name. */
export const PROFILER_FILES = {
  'async-profiler': 'libasyncProfiler.so',
  'py-spy': 'py-spy',
} as const;

/**
 * Which profilers are there. One that is not is nothing bad: the agent's own samplers do without, and a
 * task that asks for it is told.
 */
export function profilerFindings(folder: string): readonly Finding[] {
  return Object.entries(PROFILER_FILES).map(([name, file]) => {
    const path = join(folder, file);
    return existsSync(path)
      ? { name, ok: true, detail: path, mend: '' }
      : {
          name,
          ok: true,
          detail: `not in ${folder}: tasks cannot ask for it`,
          mend: `put ${file} there, as npm start does, or name its folder with --profilers`,
        };
  });
}
