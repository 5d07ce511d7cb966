import { openElf } from '../elf/open-elf.ts';
import type { CodeMapping } from '../proc/maps.ts';
import { type DetectedLanguage, detectLanguage } from './detect-language.ts';

/** The language of a process that runs `exe`, by what it has mapped and what its executable says. */
export function languageOf(
  pid: number,
  exe: string,
  mappings: readonly CodeMapping[],
): DetectedLanguage {
  using executable = openElf(`/proc/${pid}/exe`).value;
  const files = new Set(mappings.filter(({ inode }) => inode !== 0).map(({ path }) => path));
  return detectLanguage({ exe, files: [...files], elf: executable?.elf });
}
