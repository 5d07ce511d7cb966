import { statSync } from 'node:fs';
import { readBuildId } from '../elf/build-id.ts';
import { PF, PT, type Segment } from '../elf/elf-file.ts';
import { openElf } from '../elf/open-elf.ts';
import type { CodeMapping } from '../proc/maps.ts';
import type { Executable } from './sampler.ts';

/** A file of code that processes map, known by one number for as long as it is kept. */
export interface CodeFile {
  /** 1 and up; never given to another file. */
  readonly number: number;
  /** As it can be opened by now: each process that maps it renews the path. */
  executable: Executable;
  /** Those that are loaded. */
  readonly segments: readonly Segment[];
}

export interface ExecutableTable {
  /** The file behind a mapping; `undefined` where it is no ELF file or cannot be read. */
  see(pid: number, mapping: CodeMapping): CodeFile | undefined;
  get(number: number): CodeFile | undefined;
  /** Files forgotten because there were too many. */
  readonly evicted: number;
}

/** Some 1 kB each. */
const MAX_FILES = 16_384;
const VDSO = '[vdso]';

/** A path to open a mapped file by, and what tells it from every other file. */
interface Found {
  readonly openPath: string;
  readonly identity: string;
}

function statAt(openPath: string, inode?: number): Found | undefined {
  try {
    const { dev, ino, size, mtimeMs } = statSync(openPath);
    if (inode !== undefined && ino !== inode) return undefined;
    return { openPath, identity: `${dev}:${ino}:${mtimeMs}:${size}` };
  } catch {
    return undefined;
  }
}

/**
 * The kernel's own link to the mapped file reaches it even where it was removed or hidden, but asks
 * for CAP_CHECKPOINT_RESTORE. A path may lead astray through a link of a container; then the inode
 * is another.
 */
function find(pid: number, mapping: CodeMapping): Found | undefined {
  const range = `${mapping.start.toString(16)}-${mapping.end.toString(16)}`;
  return (
    statAt(`/proc/${pid}/map_files/${range}`) ??
    (mapping.isDeleted ? undefined : statAt(`/proc/${pid}/root${mapping.path}`, mapping.inode))
  );
}

/** The kernel's own library is one segment that begins at 0. */
function vdsoSegment(sizeBytes: number): Segment {
  const whole = { fileSize: sizeBytes, memorySize: sizeBytes };
  return { type: PT.load, flags: PF.execute, offset: 0, address: 0, ...whole };
}

/** Files by identity, the least recently seen forgotten first. */
export function createExecutableTable(maxFiles: number = MAX_FILES): ExecutableTable {
  /** `undefined` marks a file that is not ELF, so that it is read once only. */
  const byIdentity = new Map<string, CodeFile | undefined>();
  const byNumber = new Map<number, CodeFile>();
  let nextNumber = 1;
  let evicted = 0;

  function keep(identity: string, file: CodeFile | undefined): void {
    byIdentity.delete(identity);
    byIdentity.set(identity, file);
    if (byIdentity.size <= maxFiles) return;
    const [oldest, forgotten] = byIdentity.entries().next().value ?? [];
    if (oldest !== undefined) byIdentity.delete(oldest);
    if (forgotten) byNumber.delete(forgotten.number);
    evicted++;
  }

  function add(executable: Executable, segments: readonly Segment[]): CodeFile {
    const file = { number: nextNumber++, executable, segments };
    byNumber.set(file.number, file);
    return file;
  }

  function read(path: string, openPath: string): CodeFile | undefined {
    using open = openElf(openPath).value;
    const segments = open?.elf.segments.filter(({ type }) => type === PT.load);
    return segments && add({ path, openPath, buildId: readBuildId(openPath) }, segments);
  }

  return {
    get evicted() {
      return evicted;
    },
    get: (number) => byNumber.get(number),
    see(pid, mapping) {
      if (mapping.path === VDSO) {
        const known = byIdentity.get(VDSO);
        const sizeBytes = mapping.end - mapping.start;
        const file =
          known ?? add({ path: VDSO, openPath: '', buildId: '' }, [vdsoSegment(sizeBytes)]);
        keep(VDSO, file);
        return file;
      }
      if (mapping.inode === 0) return undefined;
      const found = find(pid, mapping);
      if (!found) return undefined;
      const known = byIdentity.get(found.identity);
      const file = byIdentity.has(found.identity) ? known : read(mapping.path, found.openPath);
      if (known) known.executable = { ...known.executable, openPath: found.openPath };
      // It may have gone with its process just now: that says nothing about the file.
      if (file || statAt(found.openPath)) keep(found.identity, file);
      return file;
    },
  };
}
