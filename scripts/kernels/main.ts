/**
 * Boots kernels of Debian under qemu and checks the agent there: one object, the same results. Takes
 * some minutes a kernel. Writes docs/kernels.md where all of them ran.
 *
 *   npm run kernels                 every kernel, and the one that runs
 *   npm run kernels -- 5.10 6.1     only some; `running` is the one that runs
 *   npm run kernels -- 6.1 --only stacks,doctor
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '@kube-eagle/profile';
import { boot, writeInitramfs } from './boot.ts';
import { fetchKernel, KERNELS } from './fetch-kernel.ts';
import { compilePrograms } from './programs.ts';
import { markdownOf, type Report, readChecks } from './report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache', 'kernels');
/** What is checked of the kernel that runs: nothing that changes the machine. */
const HARMLESS = ['loading', 'stacks'];

/** Throws where something is not installed, with how to get it. */
function requireTools(): void {
  for (const [path, name] of [
    ['/usr/bin/qemu-system-x86_64', 'qemu-system-x86'],
    ['/bin/busybox', 'busybox-static'],
    ['/usr/bin/cc', 'gcc'],
    ['/usr/bin/c++', 'g++'],
  ] as const) {
    if (!existsSync(path)) throw new Error(`expected ${path}, got none; apt install ${name}`);
  }
}

function checkRunning(programs: string, wanted: readonly string[]): Report {
  const suites = HARMLESS.filter((name) => wanted.length === 0 || wanted.includes(name));
  const { stdout } = spawnSync('node', ['scripts/kernels/guest/main.ts', ...suites], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, KERNELS_PROGRAMS: programs },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { version: 'running', kernel: release(), checks: readChecks(stdout) };
}

async function checkVersion(
  version: string,
  folder: string,
  suites: readonly string[],
): Promise<Report> {
  const programs = join(folder, 'programs');
  if (version === 'running') return checkRunning(programs, suites);
  const kernel = await fetchKernel(version, cache);
  const initramfs = join(folder, 'initramfs');
  if (!existsSync(initramfs)) await writeInitramfs(initramfs, programs);
  const checks = readChecks(await boot(kernel, { initramfs, suites, folder }));
  return { version, kernel: kernel.package, checks };
}

async function run(
  versions: readonly string[],
  suites: readonly string[],
): Promise<readonly Report[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-kernels-'));
  try {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    compilePrograms(programs);
    const reports: Report[] = [];
    for (const version of versions) {
      console.error(`kernel ${version}`);
      try {
        reports.push(await checkVersion(version, folder, suites));
      } catch (error) {
        console.error(`kernel ${version}: ${messageOf(error)}`);
        reports.push({ version, kernel: 'not run', checks: [] });
      }
    }
    return reports;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const all = [...Object.keys(KERNELS), 'running'];
try {
  const { values, positionals: chosen } = parseArgs({
    options: { only: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const suites = values.only.split(',').filter((name) => name !== '');
  const unknown = chosen.filter((version) => !all.includes(version));
  if (unknown.length > 0) throw new Error(`expected ${all.join(', ')}, got ${unknown.join(', ')}`);
  requireTools();
  const reports = await run(chosen.length > 0 ? chosen : all, suites);
  const table = markdownOf(reports);
  console.log(table);
  const isWhole = chosen.length === 0 && suites.length === 0;
  if (isWhole) writeFileSync(join(root, 'docs', 'kernels.md'), table);
  const isSound = reports.every(({ checks }) => checks.length > 0 && checks.every(({ ok }) => ok));
  process.exitCode = isSound ? 0 : 1;
} catch (error) {
  console.error(`error: ${messageOf(error)}`);
  process.exitCode = 2;
}
