import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { buildIdsOf } from './build-id.ts';
import { type ElfFile, findSection, sectionBytes, textAt } from './elf-file.ts';
import { type OpenElf, openElf } from './open-elf.ts';

const DEBUG_FOLDER = '/usr/lib/debug';
const MAX_LINKS = 40;

/** Where a program was found. */
export interface ProgramPlace {
  /** Its path inside its own mount namespace. */
  readonly path: string;
  /** The root of that namespace as the agent reaches it, e.g. `/proc/7/root`; `''` for the agent's. */
  readonly root: string;
}

/**
 * The separate file with the symbols of a stripped program: by build id below `/usr/lib/debug`, or
 * by the name in `.gnu_debuglink` beside the program (GDB manual, "Separate Debug Files"); in the
 * program's own root first, then in the agent's. Only a file with the same build id is taken.
 * `undefined` if there is none.
 */
export function openDebugFile(elf: ElfFile, place: ProgramPlace): OpenElf | undefined {
  const { gnu } = buildIdsOf(elf);
  if (gnu.length < 4) return undefined;
  for (const root of new Set([place.root, ''])) {
    for (const path of candidates(elf, gnu, place.path)) {
      const resolved = resolveInRoot(root, path);
      const open = resolved === undefined ? undefined : openElf(resolved).value;
      if (open && buildIdsOf(open.elf).gnu === gnu) return open;
      open?.[Symbol.dispose]();
    }
  }
  return undefined;
}

function candidates(elf: ElfFile, buildId: string, path: string): string[] {
  const byId = `${DEBUG_FOLDER}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
  const section = findSection(elf, '.gnu_debuglink');
  const name = section ? textAt(sectionBytes(elf, section), 0) : '';
  if (name === '' || name.includes('/')) return [byId];
  const folder = dirname(path);
  return [byId, join(folder, name), join(folder, '.debug', name), join(DEBUG_FOLDER, folder, name)];
}

/**
 * Follows the symbolic links of a path as a process with that root would, so that no link of a
 * container leads out of it. The path that the agent opens; `undefined` if it is not there.
 */
export function resolveInRoot(root: string, path: string): string | undefined {
  const waiting = path
    .split('/')
    .filter((part) => part !== '')
    .reverse();
  let at = '/';
  for (let links = 0; waiting.length > 0; ) {
    const next = normalize(join(at, waiting.pop() ?? ''));
    const link = readLink(root + next);
    if (link === undefined) return undefined;
    if (link === '') {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    if (link.startsWith('/')) at = '/';
    waiting.push(
      ...link
        .split('/')
        .filter((part) => part !== '')
        .reverse(),
    );
  }
  return root + at;
}

/** Where a path links to; `''` if it is no link, `undefined` if it is not there. */
function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : '';
  } catch {
    return undefined;
  }
}
