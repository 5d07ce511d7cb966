import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { crc32 } from 'node:zlib';
import { buildIdsOf } from './build-id.ts';
import { type ElfFile, findSection, sectionBytes, textAt, viewOf } from './elf-file.ts';
import { type OpenElf, openElf } from './open-elf.ts';

const DEBUG_FOLDER = '/usr/lib/debug';
const MAX_LINKS = 40;
const MAX_LINK_BYTES = 4096;
/** A quarter of a second's work. */
const MAX_CHECKED_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

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
 * program's own root first, then in the agent's. Only a file with the same build id is taken or, for
 * a program without one, with the checksum of the link. `undefined` if there is none.
 */
export function openDebugFile(elf: ElfFile, place: ProgramPlace): OpenElf | undefined {
  const { gnu } = buildIdsOf(elf);
  const link = readDebugLink(elf);
  const paths = [...pathsOfId(gnu), ...pathsOfLink(link, dirname(place.path))];
  for (const root of new Set([place.root, ''])) {
    for (const path of paths) {
      const resolved = resolveInRoot(root, path);
      const open = resolved === undefined ? undefined : openElf(resolved).value;
      const isMeant =
        open &&
        (gnu === '' ? checksumOf(open) === link?.checksum : buildIdsOf(open.elf).gnu === gnu);
      if (isMeant) return open;
      open?.[Symbol.dispose]();
    }
  }
  return undefined;
}

interface DebugLink {
  readonly name: string;
  readonly checksum: number;
}

/** A name, zeros up to a multiple of 4 bytes, and the CRC-32 of the file meant. */
function readDebugLink(elf: ElfFile): DebugLink | undefined {
  const section = findSection(elf, '.gnu_debuglink');
  if (!section || section.size < 8 || section.size > MAX_LINK_BYTES) return undefined;
  const bytes = sectionBytes(elf, section);
  const name = textAt(bytes, 0);
  if (name === '' || name.includes('/') || bytes.length < 8) return undefined;
  return { name, checksum: viewOf(bytes).getUint32(bytes.length - 4, true) };
}

function pathsOfId(buildId: string): string[] {
  if (buildId.length < 4) return [];
  return [`${DEBUG_FOLDER}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`];
}

function pathsOfLink(link: DebugLink | undefined, folder: string): string[] {
  if (!link) return [];
  return [folder, join(folder, '.debug'), join(DEBUG_FOLDER, folder)].map((each) =>
    join(each, link.name),
  );
}

/** `undefined` for a file too large to read for it. */
function checksumOf({ elf, sizeBytes }: OpenElf): number | undefined {
  if (sizeBytes > MAX_CHECKED_BYTES) return undefined;
  let checksum = 0;
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    checksum = crc32(elf.read(at, CHUNK_BYTES), checksum);
  }
  return checksum;
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
