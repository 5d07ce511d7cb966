/**
 * Unpacks the Pythons of other Debian releases, each with the libraries it needs, into a folder a
 * release: roots that the tests of CPython run them in.
 *
 *   node scripts/fetch-pythons.ts            those of all releases below
 *   node scripts/fetch-pythons.ts sid        that of one
 *
 * Packages come from the mirror that this machine's apt uses, by a configuration of its own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the tests look for them. */
const FOLDER = fileURLToPath(new URL('../.cache/pythons', import.meta.url));
const RELEASES: Readonly<Record<string, string>> = { bullseye: '3.9', trixie: '3.13', sid: '3.14' };
const LIBRARIES = ['libc6', 'libcrypt1', 'libexpat1', 'zlib1g'];

/** apt that sees one release only and keeps its state below a folder. */
function aptOf(folder: string, release: string): (tool: string, ...words: string[]) => string {
  const state = join(folder, '.apt', release);
  for (const each of ['lists/partial', 'cache/archives/partial', 'parts']) {
    mkdirSync(join(state, each), { recursive: true });
  }
  const targets = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const mirrors = execFileSync('apt-get', targets, { encoding: 'utf8' }).split('\n');
  const mirror = mirrors.find((uri) => uri.endsWith('/debian/'));
  if (mirror === undefined) throw new Error('expected apt to use a mirror of Debian, got none');
  writeFileSync(join(state, 'sources.list'), `deb ${mirror} ${release} main\n`);
  writeFileSync(join(state, 'status'), '');
  const options = {
    'Dir::Etc::SourceList': join(state, 'sources.list'),
    'Dir::Etc::SourceParts': join(state, 'parts'),
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (tool, ...words) =>
    execFileSync(tool, [...given, ...words], { cwd: state, encoding: 'utf8' });
}

function unpack(folder: string, release: string, version: string): void {
  const root = join(folder, release);
  const apt = aptOf(folder, release);
  apt('apt-get', '-q', 'update');
  const parts = ['python3-minimal', 'libpython3-minimal', 'libpython3-stdlib'];
  const packages = parts.map((name) => name.replace('python3', `python${version}`));
  apt('apt-get', '-q', 'download', ...packages, ...LIBRARIES);
  const state = join(folder, '.apt', release);
  for (const file of readdirSync(state).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['-x', join(state, file), root]);
  }
  // From trixie on these are links that another package makes.
  for (const name of ['lib', 'lib64']) {
    if (!existsSync(join(root, name))) symlinkSync(`usr/${name}`, join(root, name));
  }
}

const [only] = process.argv.slice(2);
for (const [release, version] of Object.entries(RELEASES)) {
  if (only !== undefined && release !== only) continue;
  try {
    unpack(FOLDER, release, version);
    console.log(`${release}: python${version}`);
  } catch (error) {
    console.error(`${release}: ${error instanceof Error ? error.message : error}`);
  }
}
