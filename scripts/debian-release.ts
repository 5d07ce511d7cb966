import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Packages of one release of Debian, whichever one this machine runs. */
export interface DebianRelease extends Disposable {
  /** What apt-cache(8) prints. Throws what it said where it fails. */
  query(...args: readonly string[]): string;
  /** Downloads packages, without what they depend on, and unpacks them below a folder. */
  unpack(packages: readonly string[], into: string): void;
}

/** The archives that apt knows on this machine, the main one first. */
function mirrors(): readonly string[] {
  const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const urls = [...new Set(execFileSync('apt-get', args, { encoding: 'utf8' }).split('\n'))];
  const main = urls.find((url) => url.endsWith('/debian/'));
  const security = urls.find((url) => url.endsWith('/debian-security/'));
  if (main === undefined) throw new Error("expected a Debian mirror among apt's sources, got none");
  return security === undefined ? [main] : [main, security];
}

/** Only sid has no archive of security updates: it is where they come first. */
function sourcesOf(suite: string): string {
  const [main, security] = mirrors();
  const lines = [`deb ${main} ${suite} main`];
  if (security !== undefined && suite !== 'sid') {
    lines.push(`deb ${security} ${suite}-security main`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * apt on the mirror that this machine uses, but with sources and state of its own in a new folder,
 * which goes when it is disposed: the machine's stay as they are. Throws where there is no apt, no
 * mirror or no network.
 */
export function openDebianRelease(suite: string, path: string): DebianRelease {
  const folder = resolve(path);
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts', 'packages']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'sources.list'), sourcesOf(suite));
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
  const packages = join(folder, 'packages');
  const run = (tool: string, args: readonly string[]): string =>
    execFileSync(tool, ['-q', ...flags, ...args], {
      cwd: packages,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 << 20,
    });
  run('apt-get', ['update']);
  return {
    query: (...args) => run('apt-cache', args),
    unpack(names, into) {
      run('apt-get', ['download', ...names]);
      for (const file of globSync('*.deb', { cwd: packages })) {
        execFileSync('dpkg-deb', ['-x', join(packages, file), into]);
        rmSync(join(packages, file));
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
