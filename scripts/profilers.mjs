// The profilers that the agent lets loose on other runtimes, fetched by the clients of their registries
// and proven by their hashes. Plain JavaScript, as setup.mjs needs it before anything is installed.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT_MS = 120_000;

/** Of py-spy pip checks the hashes itself: scripts/py-spy.txt pins them. */
const JAR = 'tools.profiler:async-profiler:4.5';
const LIBRARY = {
  x64: {
    path: 'linux-x64/libasyncProfiler.so',
    sha256: '3c03ce90c8c34332480d14cb0a5b9eb380c0dbc0da915486b3348bcfaf026d61',
  },
  arm64: {
    path: 'linux-arm64/libasyncProfiler.so',
    sha256: '387d881ea5569ac0d138e024144efecfed8b760031b156404a16fc5ee782c4b1',
  },
};

/** Runs a command in a folder; gives what it said, or why it failed. */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, stdio, timeout: TIMEOUT_MS });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    child.on('error', ({ code }) => resolve({ ok: false, why: `${command}: ${code}` }));
    child.on('close', (status) => {
      const last = said.trim().split('\n').slice(-3).join(' ').slice(0, 300);
      resolve({ ok: status === 0, why: `${command} ended with ${status}: ${last}` });
    });
  });
}

async function fetchPySpy(root, target) {
  const scratch = mkdtempSync(join(tmpdir(), 'kube-eagle-pip-'));
  try {
    const pins = ['--require-hashes', '--no-deps', '--only-binary', ':all:', '-r'];
    const words = ['-m', 'pip', 'install', '-q', '--no-compile', '--target', scratch, ...pins];
    const pinned = join(root, 'scripts', 'py-spy.txt');
    const { ok, why } = await run('python3', [...words, pinned], scratch);
    if (!ok) return why;
    putInPlace(join(scratch, 'bin', 'py-spy'), target, 0o755);
    return '';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fetchAsyncProfiler(_root, target) {
  const wanted = LIBRARY[arch()];
  if (!wanted) return `there is none for ${arch()}`;
  const scratch = mkdtempSync(join(tmpdir(), 'kube-eagle-mvn-'));
  try {
    const words = [
      ...['-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack'],
      ...[`-Dartifact=${JAR}`, `-DoutputDirectory=${scratch}`],
      `-Dmdep.unpack.includes=${wanted.path}`,
    ];
    // The plugin leaves a folder of marks where it runs.
    const { ok, why } = await run('mvn', words, scratch);
    if (!ok) return why;
    const file = join(scratch, wanted.path);
    const got = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (got !== wanted.sha256) return `expected the hash ${wanted.sha256}, got ${got}`;
    putInPlace(file, target, 0o644);
    return '';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Puts a file in place at once; the scratch folder may be on another file system. */
function putInPlace(file, target, mode) {
  const beside = `${target}.new`;
  copyFileSync(file, beside);
  chmodSync(beside, mode);
  renameSync(beside, target);
}

const PROFILERS = {
  'py-spy': {
    fetch: fetchPySpy,
    lost: 'py-spy cannot be asked for. Mend: install python3 and pip.',
  },
  'libasyncProfiler.so': {
    fetch: fetchAsyncProfiler,
    lost: 'async-profiler cannot be asked for. Mend: install maven.',
  },
};

/** Fetches what is not there yet into `.cache/profilers`, side by side; says what could not be had. */
export async function fetchProfilers(root, say) {
  const folder = join(root, '.cache', 'profilers');
  mkdirSync(folder, { recursive: true });
  const missing = Object.entries(PROFILERS).filter(([name]) => !existsSync(join(folder, name)));
  await Promise.all(
    missing.map(async ([name, { fetch, lost }]) => {
      const why = await fetch(root, join(folder, name)).catch(({ message }) => message);
      say(why === '' ? `fetched ${name}` : `no ${name}: ${why}. ${lost}`);
    }),
  );
}
