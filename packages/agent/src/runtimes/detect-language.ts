import { buildIdsOf } from '../elf/build-id.ts';
import { type ElfFile, findSection, sectionBytes } from '../elf/elf-file.ts';
import { RUNTIMES, type RuntimeName, runtimeOf } from './runtime-of.ts';

/** What a program is written in, or what runs it. */
export type Language =
  | (typeof RUNTIMES)[RuntimeName]['language']
  | 'c/c++'
  | 'go'
  | 'kernel'
  | 'rust'
  | 'unknown';

/** A language and what it was told by. */
export interface DetectedLanguage {
  readonly language: Language;
  /** In words, such as `maps libjvm.so`. */
  readonly evidence: string;
}

/** What a process shows of itself. Its own paths and names only: none is opened. */
export interface ProcessTraits {
  /** Path of the executable in its own mount namespace; empty for kernel threads. */
  readonly exe: string;
  /** Paths of the files it has mapped to run. */
  readonly files: readonly string[];
  /** Headers of the executable, where it can be opened. */
  readonly elf: ElfFile | undefined;
}

const MAX_COMMENT_BYTES = 65_536;

/**
 * The language of a process: a runtime that is its executable or mapped by it, else what its
 * compiler has left in the executable (Go's build id, Rust's mark in `.comment`), else C or C++.
 */
export function detectLanguage({ exe, files, elf }: ProcessTraits): DetectedLanguage {
  if (exe === '') return { language: 'kernel', evidence: 'has no executable' };
  for (const paths of [[exe], files]) {
    const runtime = runtimeOf(paths.map((path) => ({ path })));
    if (!runtime) continue;
    const path = paths[runtime.mapping] ?? '';
    const evidence = `${path === exe ? 'is' : 'maps'} ${path.slice(path.lastIndexOf('/') + 1)}`;
    return { language: RUNTIMES[runtime.name].language, evidence };
  }
  if (!elf) return { language: 'unknown', evidence: 'its executable cannot be read' };
  if (buildIdsOf(elf).go !== '') return { language: 'go', evidence: 'has a build id of Go' };
  if (findSection(elf, '.gopclntab')) return { language: 'go', evidence: 'has .gopclntab' };
  const comment = findSection(elf, '.comment');
  if (comment && comment.size <= MAX_COMMENT_BYTES) {
    const made = Buffer.from(sectionBytes(elf, comment)).toString('latin1');
    if (made.includes('rustc version'))
      return { language: 'rust', evidence: '.comment names rustc' };
  }
  return { language: 'c/c++', evidence: 'native, without marks of another language' };
}
