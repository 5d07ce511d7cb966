import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { Inside } from '../proc/inside.ts';
import { type FolderMount, mountOf } from '../proc/mounts.ts';
import { readProcFile } from '../proc/process.ts';

/** A file of the agent's within a process's mount namespace. */
export interface PlacedFile {
  /** As the process knows it. */
  readonly path: string;
  readonly file: FileHandle;
}

/** A folder that a process can load code from, and the agent's files in it. */
export interface Foothold extends AsyncDisposable {
  /** A library that all may read and nobody may change. Throws where it cannot be written. */
  library(bytes: Uint8Array, name?: string): Promise<PlacedFile>;
  /** An empty file that is the process's user's own. It is read back by the handle, not by its name. */
  result(): Promise<PlacedFile>;
}

/** In the order of preference. */
const FOLDERS = ['/tmp', '/var/tmp', '/dev/shm'] as const;
/** linux/fcntl.h; the folder is only a step on a path. */
const O_PATH = 0o10000000;
const STEP = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const PREFIX = '.kube-eagle-';

/** Whether a path is that of a library that {@link openFoothold} gave a process. */
export function isPlaced(path: string): boolean {
  return /^\/(?:tmp|var\/tmp|dev\/shm)\/\.kube-eagle-[0-9a-f]{16}$/.test(path);
}

/**
 * The first folder of a process's mount namespace that can be written and has no `noexec`; all that
 * was put into it goes when it is disposed. Gives why there is none. No symbolic link is followed on
 * the way: every step is opened by itself.
 */
export async function openFoothold(
  pid: number,
  inside: Inside,
): Promise<{ readonly foothold: Foothold } | { readonly problem: string }> {
  const mountinfo = readProcFile(`/proc/${pid}/mountinfo`) ?? '';
  const problems: string[] = [];
  for (const path of FOLDERS) {
    const mount = mountOf(mountinfo, path);
    const folder = isUsable(mount) ? await openFolder(pid, path).catch(codeOf) : sayMount(mount);
    if (typeof folder === 'string') problems.push(`${path} ${folder}`);
    else if (await isSafe(folder)) return { foothold: footholdIn(path, folder, inside) };
    else {
      await folder.close();
      problems.push(`${path} lets everybody replace others' files`);
    }
  }
  return { problem: problems.join(', ') };
}

const isUsable = (mount: FolderMount | undefined): boolean =>
  mount !== undefined && !mount.isReadOnly && !mount.isNoExec;

function sayMount(mount: FolderMount | undefined): string {
  if (!mount) return 'is not mounted';
  return mount.isReadOnly ? 'is read-only' : 'is mounted noexec';
}

const codeOf = (error: NodeJS.ErrnoException): string => `cannot be opened: ${error.code}`;

/** Whether a file in it can only be replaced by its owner: where all may write, by the sticky bit. */
async function isSafe(folder: FileHandle): Promise<boolean> {
  const { mode } = await folder.stat();
  return (mode & 0o002) === 0 || (mode & 0o1000) !== 0;
}

async function openFolder(pid: number, path: string): Promise<FileHandle> {
  // The kernel's own link to the root is the one that is followed.
  let folder = await open(`/proc/${pid}/root/`, O_PATH | constants.O_DIRECTORY);
  for (const step of path.split('/').filter((each) => each !== '')) {
    await using above = folder;
    folder = await open(`/proc/self/fd/${above.fd}/${step}`, STEP);
  }
  return folder;
}

function footholdIn(path: string, folder: FileHandle, { userId, groupId }: Inside): Foothold {
  const names: string[] = [];
  const opened: FileHandle[] = [];
  const inFolder = (name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

  async function create(name: string, mode: number): Promise<PlacedFile> {
    const file = await open(inFolder(name), NEW, mode);
    names.push(name);
    opened.push(file);
    return { path: `${path}/${name}`, file };
  }

  return {
    async library(bytes, name = PREFIX + randomBytes(8).toString('hex')) {
      const placed = await create(name, 0o444);
      // The mask of this process must not take away what the other one needs.
      await placed.file.chmod(0o444);
      await placed.file.writeFile(bytes);
      return placed;
    },
    async result() {
      const placed = await create(PREFIX + randomBytes(8).toString('hex'), 0o600);
      await placed.file.chown(userId, groupId);
      return placed;
    },
    async [Symbol.asyncDispose]() {
      for (const name of names) await unlink(inFolder(name)).catch(() => undefined);
      for (const file of [...opened, folder]) await file.close().catch(() => undefined);
    },
  };
}
