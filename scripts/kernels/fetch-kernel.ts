import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

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

/** Runs a tool of apt; throws what it said. */
type Apt = (tool: string, ...args: readonly string[]) => string;

/** The archives that apt knows on this machine, the one of Debian first. */
function mirrors(): readonly string[] {
  const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const urls = new Set(execFileSync('apt-get', args, { encoding: 'utf8' }).split('\n'));
  const debian = [...urls].filter((url) => /\/debian\/$/.test(url));
  const security = [...urls].filter((url) => /\/debian-security\/$/.test(url));
  const [main] = debian;
  if (main === undefined) throw new Error("expected a Debian mirror among apt's sources, got none");
  return [main, ...security.slice(0, 1)];
}

/** apt with sources and state of its own: the machine's stay as they are. */
function privateApt(folder: string, suite: string): Apt {
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const [main, security] = mirrors();
  const sources = [
    `deb ${main} ${suite} main`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main`]),
  ];
  writeFileSync(join(folder, 'sources.list'), `${sources.join('\n')}\n`);
  writeFileSync(join(folder, 'status'), '');
  const options = {
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'Dir::State': folder,
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
  };
  const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  return (tool, ...args) =>
    execFileSync(tool, ['-q', ...flags, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 << 20,
    });
}

/** The newest signed kernel for virtual machines of a version. */
function newestPackage(apt: Apt, version: string): string {
  const pattern = `^linux-image-${version.replace('.', '\\.')}[.0-9][^ ]*-cloud-amd64$`;
  const names = apt('apt-cache', 'search', '--names-only', pattern)
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
    const work = join(own, 'apt');
    const apt = privateApt(work, KERNELS[version] ?? '');
    apt('apt-get', 'update');
    const chosen = newestPackage(apt, version);
    apt('apt-get', 'download', chosen);
    const [deb = ''] = globSync(`${chosen}_*.deb`, { cwd: work });
    execFileSync('dpkg-deb', ['-x', join(work, deb), join(work, 'root')]);
    const [found = ''] = globSync('root/boot/vmlinuz-*', { cwd: work });
    const release = /^Version: (.*)$/m.exec(apt('apt-cache', 'show', chosen))?.[1] ?? '';
    writeFileSync(name, `${chosen} ${release}`);
    // The image comes last and whole, so that it says that all is there.
    await copyFile(join(work, found), `${image}.part`);
    await rename(`${image}.part`, image);
    rmSync(work, { recursive: true });
  }
  return { version, image, package: readFileSync(name, 'utf8') };
}
