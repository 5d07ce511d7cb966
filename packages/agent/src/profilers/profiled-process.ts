import { openElf } from '../elf/open-elf.ts';
import { type Inside, readInside } from '../proc/inside.ts';
import { type CodeMapping, parseMaps } from '../proc/maps.ts';
import { readProcess, readProcFile } from '../proc/process.ts';
import { detectLanguage, type Language } from '../runtimes/detect-language.ts';
import type { Process } from '../sampler/sampler.ts';

/** A process as profilers are told of it. */
export interface ProfiledProcess extends Process {
  readonly language: Language;
  readonly inside: Inside;
  readonly mappings: readonly CodeMapping[];
}

/** Looks at a process; `undefined` once it is gone. */
export async function readProfiledProcess(pid: number): Promise<ProfiledProcess | undefined> {
  const process = readProcess(pid);
  const inside = await readInside(pid);
  if (!process || !inside) return undefined;
  const mappings = parseMaps(readProcFile(`/proc/${pid}/maps`) ?? '').value;
  using executable = openElf(`/proc/${pid}/exe`).value;
  const files = [...new Set(mappings.map(({ path }) => path))];
  const { language } = detectLanguage({ exe: process.exe, files, elf: executable?.elf });
  return { ...process, language, inside, mappings };
}
