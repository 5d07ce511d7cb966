import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A Python that tests can run. */
export interface Interpreter {
  /** Such as `3.11`, and what is special about it. */
  readonly title: string;
  readonly minor: number;
  readonly command: string;
  readonly args: readonly string[];
  /** Folder it sees as its root. */
  readonly root: string;
}

const VERSION = 'import sys; print(sys.version_info[1])';
const CHROOT = '/usr/sbin/chroot';

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path).map((name) => `${path}/${name}`);
  } catch {
    return [];
  }
}

function interpreterOf(
  command: string,
  args: readonly string[],
  root: string,
): readonly Interpreter[] {
  const { stdout, status } = spawnSync(command, [...args, '-c', VERSION], { encoding: 'utf8' });
  const minor = Number(stdout);
  const where = [command, ...args].join(' ');
  return status === 0 ? [{ title: `3.${minor} (${where})`, minor, command, args, root }] : [];
}

/**
 * The system's, those of pyenv, and those in unpacked packages of other releases, which
 * `node scripts/fetch-pythons.ts` fetches. From 3.8 on.
 */
export function interpreters(): readonly Interpreter[] {
  const own = ['/usr/bin/python3', ...folders(`${homedir()}/.pyenv/versions`).map(binaryIn)];
  return [
    ...own.flatMap((path) => interpreterOf(path, [], '')),
    ...folders(FETCHED).flatMap((root) =>
      folders(`${root}/usr/bin`)
        .filter((path) => /\/python3\.\d+$/.test(path))
        .flatMap((path) => interpreterOf(CHROOT, [root, path.slice(root.length)], root)),
    ),
  ].filter(({ minor }) => minor >= 8);
}

const binaryIn = (folder: string): string => `${folder}/bin/python3`;

/** Where the packages of other releases are unpacked. */
const FETCHED = fileURLToPath(new URL('../../../../../.cache/pythons', import.meta.url));

/** Releases that are walked. */
export const MINORS: readonly number[] = [8, 9, 10, 11, 12, 13, 14];
