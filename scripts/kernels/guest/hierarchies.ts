import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';

/** A way that machines mount control groups. */
export interface Hierarchy {
  readonly version: 'v1' | 'v2';
  /** Arguments of mount(8), the folder last. */
  readonly mounts: readonly (readonly string[])[];
  /** Folder of the tree that samples are filtered by. */
  readonly folder: string;
}

const V1: Hierarchy = {
  version: 'v1',
  mounts: [
    ['-t', 'tmpfs', 'cgroup', ROOT],
    ['-t', 'cgroup', '-o', 'cpu', 'cgroup', `${ROOT}/cpu`],
    ['-t', 'cgroup', '-o', 'pids', 'cgroup', `${ROOT}/pids`],
  ],
  folder: `${ROOT}/pids`,
};

/** What newer machines have. */
export const V2: Hierarchy = {
  version: 'v2',
  mounts: [['-t', 'cgroup2', 'cgroup2', ROOT]],
  folder: ROOT,
};

export const HIERARCHIES: readonly Hierarchy[] = [V1, V2];

/** Mounts control groups until it is disposed, which needs all groups to be gone. */
export function mounted({ mounts }: Hierarchy): Disposable {
  const points = mounts.map((words) => words.at(-1) ?? '');
  mounts.forEach((words, i) => {
    mkdirSync(points[i] ?? '', { recursive: true });
    execFileSync('mount', words);
  });
  return {
    [Symbol.dispose]() {
      for (const point of points.toReversed()) execFileSync('umount', [point]);
    },
  };
}

/** Makes a group and puts processes into it. */
export function group(path: string, pids: readonly number[]): void {
  mkdirSync(path, { recursive: true });
  for (const pid of pids) writeFileSync(`${path}/cgroup.procs`, String(pid));
}
