import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cgroup } from '../sampler/sampler.ts';
import { type CgroupPath, cgroupName, cgroupPaths } from './cgroup.ts';
import { readProcFile } from './process.ts';

/** A control group and where the agent sees it. */
export interface CgroupDirectory extends Cgroup {
  readonly directory: string;
}

/** The control groups that a name stands for. */
export type CgroupSearch =
  /** More than one where several trees have it. */
  | { readonly kind: 'found'; readonly groups: readonly CgroupDirectory[] }
  | { readonly kind: 'ambiguous'; readonly names: readonly string[] }
  /** Processes are in it, but its directory is not below what the agent has mounted. */
  | { readonly kind: 'unseen' }
  | { readonly kind: 'none' };

/** A tree of control groups as it is mounted. */
export interface CgroupMount {
  readonly hierarchy: Cgroup['hierarchy'];
  readonly mountPoint: string;
  /** Path within the tree that is mounted there. */
  readonly root: string;
}

/** Mounted trees of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)) that samples can be filtered by. */
export function parseCgroupMounts(text: string): readonly CgroupMount[] {
  return text.split('\n').flatMap((line): CgroupMount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ hierarchy: 'unified', mountPoint, root }];
    const isPids = type === 'cgroup' && options.split(',').includes('pids');
    return isPids ? [{ hierarchy: 'pids', mountPoint, root }] : [];
  });
}

/** The groups of a container, by its id or the begin of it. The innermost does not matter: any may be meant. */
export function findContainer(begin: string): CgroupSearch {
  return findNamed((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(begin));
}

/** The groups of a service of systemd; of several of one name, as users may have, all. */
export function findUnit(unit: string): CgroupSearch {
  return findNamed((name) => name === unit);
}

/** The groups that a process is in itself; none once it is gone. */
export function cgroupsOfProcess(pid: number): readonly CgroupDirectory[] {
  const mounts = ownMounts();
  return cgroupPaths(readProcFile(`/proc/${pid}/cgroup`) ?? '').flatMap(
    (path) => directoryOf(path, mounts) ?? [],
  );
}

/** Whether a group is still there, and not another of its name. */
export function isThere({ directory, id }: CgroupDirectory): boolean {
  return inodeOf(directory) === id;
}

const ownMounts = (): readonly CgroupMount[] =>
  parseCgroupMounts(readProcFile('/proc/self/mountinfo') ?? '');

function findNamed(isMeant: (name: string) => boolean): CgroupSearch {
  const mounts = ownMounts();
  const names = new Set<string>();
  const groups = new Map<string, CgroupDirectory>();
  for (const { name, ...path } of namedPaths(isMeant)) {
    names.add(name);
    const group = directoryOf(path, mounts);
    if (group) groups.set(group.directory, group);
  }
  if (names.size > 1)
    return { kind: 'ambiguous', names: [...names].sort((a, b) => (a < b ? -1 : 1)) };
  if (groups.size > 0) return { kind: 'found', groups: [...groups.values()] };
  return { kind: names.size > 0 ? 'unseen' : 'none' };
}

/** The paths of meant groups that some process is in or below. */
function namedPaths(
  isMeant: (name: string) => boolean,
): readonly (CgroupPath & { readonly name: string })[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .flatMap((pid) => cgroupPaths(readProcFile(`/proc/${pid}/cgroup`) ?? ''))
    .flatMap(({ hierarchy, path }) => {
      const folders = path.split('/');
      return folders.flatMap((folder, depth) => {
        const name = cgroupName(folder);
        if (name === '' || !isMeant(name)) return [];
        return [{ hierarchy, name, path: folders.slice(0, depth + 1).join('/') }];
      });
    });
}

/** Where a path of a tree lies below the mounts; `undefined` where it does not, or is gone. */
function directoryOf(
  { hierarchy, path }: CgroupPath,
  mounts: readonly CgroupMount[],
): CgroupDirectory | undefined {
  for (const { root, mountPoint } of mounts.filter((each) => each.hierarchy === hierarchy)) {
    const base = root === '/' ? '' : root;
    if (path !== base && !path.startsWith(`${base}/`)) continue;
    const below = path.slice(base.length);
    // A path from outside of the agent's own namespace leads up first.
    if (below.split('/').includes('..')) continue;
    const directory = join(mountPoint, below);
    const id = inodeOf(directory);
    if (id !== undefined) return { hierarchy, id, directory };
  }
  return undefined;
}

function inodeOf(directory: string): number | undefined {
  const status = statSync(directory, { throwIfNoEntry: false });
  return status?.isDirectory() ? status.ino : undefined;
}
