import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArchiveEntry, folderEntry } from './cpio.ts';

/** Where the repository and the programs lie in a guest. */
export const GUEST_ROOT = '/repo';
export const GUEST_PROGRAMS = '/programs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TOOLS = ['/bin/busybox', '/usr/bin/dd', '/usr/bin/setpriv', '/usr/bin/unshare'];
/** Opened by name at run time, so that no file tells of them. */
const LIBRARIES = ['libbpf.so.1', 'libelf.so.1', 'libz.so.1', 'libgcc_s.so.1', 'libcrypt.so.1'];
const FOLDERS = ['bin', 'dev', 'empty', 'proc', 'run', 'sbin', 'sys', 'tmp', 'usr/sbin'];
/** Of packages and of Python's library: large, and not needed. */
const LEFT_OUT = /^(node_modules|test|idlelib|ensurepip|site-packages|dist-packages|config-.*)$/;
const EXECUTABLE = 0o100_755;

/** Files of an archive that grows, each once. */
interface Image {
  add(path: string, mode: number, content: Uint8Array): void;
  /** A file, a folder or a link as it is here, at another place. */
  copy(from: string, to: string): void;
  /** A program or library, and the libraries it is linked with; links are followed. */
  program(from: string, to?: string): void;
  readonly entries: Iterable<ArchiveEntry>;
}

function createImage(): Image {
  const entries = new Map<string, ArchiveEntry>();

  function folder(path: string): void {
    if (path === '' || path === '.' || entries.has(path)) return;
    folder(dirname(path));
    entries.set(path, folderEntry(path));
  }

  function add(guestPath: string, mode: number, content: Uint8Array): void {
    const path = relative('/', guestPath);
    if (entries.has(path)) return;
    folder(dirname(path));
    entries.set(path, { path, mode, content });
  }

  function copy(from: string, to: string): void {
    const stat = lstatSync(from);
    if (stat.isSymbolicLink()) add(to, stat.mode, Buffer.from(readlinkSync(from)));
    if (stat.isFile()) add(to, stat.mode, readFileSync(from));
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(from)) {
      if (!LEFT_OUT.test(name)) copy(join(from, name), join(to, name));
    }
  }

  for (const path of FOLDERS) folder(path);
  return {
    add,
    copy,
    program(from, to = from) {
      add(to, EXECUTABLE, readFileSync(from));
      for (const library of librariesOf(from)) add(library, EXECUTABLE, readFileSync(library));
    },
    entries: { [Symbol.iterator]: () => entries.values() },
  };
}

/** The shared libraries that a file is linked with, by ldd(1). */
function librariesOf(path: string): readonly string[] {
  return spawnSync('ldd', [path], { encoding: 'utf8' }).stdout.match(/\/\S+(?= \(0x)/g) ?? [];
}

/** Where this machine has a library; `undefined` where it has none. */
function findLibrary(name: string): string | undefined {
  const { stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const line = stdout.split('\n').find((each) => each.startsWith(`\t${name} (libc6,x86-64`));
  return line?.split(' => ')[1];
}

/** Folders of the agent and of the packages it runs with. */
function agentPackages(): readonly string[] {
  const args = ['ls', '--omit=dev', '--all', '--parseable', '--workspace', '@kube-eagle/agent'];
  const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  return stdout.split('\n').filter((path) => path.includes('/node_modules/'));
}

/** The interpreter and its library, where this machine has Python. */
function addPython(image: Image): void {
  const script = 'import sys, sysconfig; print(sys.executable, sysconfig.get_path("stdlib"))';
  const { stdout, status } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  const [executable, library] = (stdout ?? '').trim().split(' ');
  if (status !== 0 || executable === undefined || library === undefined) return;
  image.program(realpathSync(executable), executable);
  image.add('/usr/bin/python3', 0o120_777, Buffer.from(executable));
  image.copy(library, library);
}

/** Everything a guest has: busybox, node, the agent, the checks and the programs in a folder. */
export function imageEntries(init: string, programs: string): Iterable<ArchiveEntry> {
  const image = createImage();
  image.add('/init', EXECUTABLE, Buffer.from(init));
  for (const tool of TOOLS) image.program(tool);
  image.program(process.execPath, '/usr/bin/node');
  for (const library of LIBRARIES.map(findLibrary)) if (library) image.program(library);
  addPython(image);
  for (const path of [...agentPackages(), join(root, 'scripts/kernels')]) {
    // A link leads to a package of this repository.
    for (const from of new Set([path, realpathSync(path)])) {
      image.copy(from, join(GUEST_ROOT, relative(root, from)));
    }
  }
  image.copy(programs, GUEST_PROGRAMS);
  for (const name of readdirSync(programs)) {
    image.program(join(programs, name), join(GUEST_PROGRAMS, name));
  }
  return image.entries;
}
