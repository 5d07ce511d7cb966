import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianRelease, openDebianRelease } from '../debian-release.ts';

/** Kernels of the matrix, by the release of Debian that has them. */
export const KERNELS: Readonly<Record<string, string>> = {
  '5.10': 'bullseye',
  '6.1': 'bookworm',
  '6.12': 'trixie',
};

/** A kernel that can be booted. */
export interface Kernel {
  readonly version: string;
  /** Path of the compressed image. */
  readonly image: string;
  /** The package and its version. */
  readonly package: string;
}

/** The newest signed kernel for virtual machines of a version. */
function newestPackage(release: DebianRelease, version: string): string {
  const pattern = `^linux-image-${version.replace('.', '\\.')}[.-][^ ]*-cloud-amd64$`;
  const names = release
    .query('search', '--names-only', pattern)
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name !== '');
  const [newest] = names.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (newest === undefined) throw new Error(`expected a package linux-image-${version}, got none`);
  return newest;
}

/**
 * Gives a kernel of Debian, downloaded once by apt into `folder`. Throws what kept it from that: no
 * apt, no network, no such package.
 */
export async function fetchKernel(version: string, folder: string): Promise<Kernel> {
  const own = join(folder, version);
  const image = join(own, 'vmlinuz');
  const name = join(own, 'package');
  if (!existsSync(image)) {
    using release = openDebianRelease(KERNELS[version] ?? '', join(own, 'apt'));
    const chosen = newestPackage(release, version);
    const root = join(own, 'root');
    release.unpack([chosen], root);
    const [found = ''] = globSync('boot/vmlinuz-*', { cwd: root });
    const number = /^Version: (.*)$/m.exec(release.query('show', chosen))?.[1] ?? '';
    writeFileSync(name, `${chosen} ${number}`);
    // The image comes last and whole, so that it says that all is there.
    await copyFile(join(root, found), `${image}.part`);
    await rename(`${image}.part`, image);
    rmSync(root, { recursive: true });
  }
  return { version, image, package: readFileSync(name, 'utf8') };
}
