// Makes a fresh clone ready: npm packages, system packages, the page. Plain JavaScript without a
// dependency, as it runs before anything is installed and on any Node ≥ 20.
//
//   node scripts/setup.mjs start   what `npm start` needs
//   node scripts/setup.mjs test    what `npm test` needs besides

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchProfilers } from './profilers.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isRoot = process.getuid?.() === 0;

const say = (text) => console.error(`setup: ${text}`);

/** Runs a command; gives whether it ended well. Its output is shown only when it did not. */
function runs(command, args, environment = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
  });
  if (status === 0) return true;
  say(`failed: ${[command, ...args].join(' ')}`);
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim();
  if (error) say(error.message);
  if (output !== '') console.error(output.split('\n').slice(-20).join('\n'));
  return false;
}

/** Does a step and says how long it took. */
function step(text, work) {
  say(`${text} …`);
  const started = Date.now();
  const done = work();
  if (done) say(`${text}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return done;
}

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

function installNpmPackages() {
  const stamp = join(root, 'node_modules', '.eagle-lock-hash');
  const wanted = hashOf(join(root, 'package-lock.json'));
  const node = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node)) return;
  const install = () => runs('npm', ['ci', '--no-audit', '--no-fund']);
  if (!step('npm packages (once, about a minute)', install)) {
    say('the npm packages are needed: mend what npm said above and try again');
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

const hasLibrary = (name) =>
  ['/sbin/ldconfig', '/usr/sbin/ldconfig', 'ldconfig'].some((command) =>
    (spawnSync(command, ['-p'], { encoding: 'utf8' }).stdout ?? '').includes(name),
  );

function hasDebianPackage(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is dpkg's placeholder
  const args = ['-W', '-f', '${Status}', name];
  const { stdout } = spawnSync('dpkg-query', args, { encoding: 'utf8' });
  return (stdout ?? '').startsWith('install ok installed');
}

/** Installs Debian packages if it may; gives whether they are all there. */
function installDebianPackages(names, whatIsLost) {
  const advice = `apt-get install ${names.join(' ')}`;
  if (spawnSync('apt-get', ['--version']).status !== 0) {
    say(`not found: ${names.join(', ')}, and there is no apt-get here. ${whatIsLost}`);
    return;
  }
  if (!isRoot) {
    say(`not found: ${names.join(', ')}, and this is not root. ${whatIsLost} Mend: sudo ${advice}`);
    return;
  }
  const install = () =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...names], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
    }).status === 0;
  const update = () => runs('apt-get', ['update', '-q']);
  const done = step(`${advice} (as root)`, () => install() || (update() && install()));
  if (!done) say(`could not install ${names.join(', ')}. ${whatIsLost}`);
}

function newestChange(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/(^|\/)(dist|node_modules)(\/|$)/.test(entry.parentPath))
    .reduce((newest, entry) => {
      return Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }, 0);
}

function buildPage() {
  const built = join(root, 'packages', 'web', 'dist', 'index.html');
  const sources = ['web', 'profile', 'api'].map((name) => join(root, 'packages', name));
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources.map(newestChange))) return;
  const bin = join(root, 'node_modules', '.bin');
  const path = { PATH: `${bin}${delimiter}${process.env.PATH}` };
  const build = () => runs(join(bin, 'node'), ['scripts/build.ts', 'web'], path);
  if (!step('the page', build)) say('without it the server answers but shows no page');
}

const purpose = process.argv[2] ?? 'start';
mkdirSync(join(root, 'node_modules'), { recursive: true });
// Beside all that follows: the programs that fetch them run by themselves.
const profilers = fetchProfilers(root, say);
installNpmPackages();
if (purpose === 'test') {
  const wanted = readFileSync(join(root, 'scripts', 'apt-packages.txt'), 'utf8')
    .trim()
    .split('\n');
  const missing = wanted.filter((name) => !hasDebianPackage(name));
  if (missing.length > 0) installDebianPackages(missing, 'Tests that need them will skip.');
} else if (!hasLibrary('libbpf.so.1')) {
  installDebianPackages(['libbpf1'], 'Without libbpf.so.1 perf events are used instead of eBPF.');
}
buildPage();
await profilers;
