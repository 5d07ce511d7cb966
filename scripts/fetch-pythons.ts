/**
 * Unpacks the Pythons of other Debian releases, each with the libraries it needs, into a folder a
 * release: roots that the tests of CPython run them in.
 *
 *   node scripts/fetch-pythons.ts            those of all releases below
 *   node scripts/fetch-pythons.ts sid        that of one
 *
 * Packages come from the mirror that this machine's apt uses, by a configuration of its own.
 */
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDebianRelease } from './debian-release.ts';

/** Where the tests look for them. */
const FOLDER = fileURLToPath(new URL('../.cache/pythons', import.meta.url));
const RELEASES: Readonly<Record<string, string>> = { bullseye: '3.9', trixie: '3.13', sid: '3.14' };
const LIBRARIES = ['libc6', 'libcrypt1', 'libexpat1', 'zlib1g'];

function unpack(suite: string, version: string): void {
  const root = join(FOLDER, suite);
  using release = openDebianRelease(suite, join(FOLDER, '.apt', suite));
  const parts = ['python3-minimal', 'libpython3-minimal', 'libpython3-stdlib'];
  const packages = parts.map((name) => name.replace('python3', `python${version}`));
  release.unpack([...packages, ...LIBRARIES], root);
  // From trixie on these are links that another package makes.
  for (const name of ['lib', 'lib64']) {
    if (!existsSync(join(root, name))) symlinkSync(`usr/${name}`, join(root, name));
  }
}

const [only] = process.argv.slice(2);
for (const [suite, version] of Object.entries(RELEASES)) {
  if (only !== undefined && suite !== only) continue;
  try {
    unpack(suite, version);
    console.log(`${suite}: python${version}`);
  } catch (error) {
    console.error(`${suite}: ${error instanceof Error ? error.message : error}`);
  }
}
