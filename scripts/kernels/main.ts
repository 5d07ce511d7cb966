/**
 * Boots kernels of Debian under qemu and checks the agent there: one object, the same results. Takes
 * some minutes a kernel. Keeps what each suite saw last, and writes docs/kernels.md once there is
 * something of all suites on all kernels.
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
import { HARMLESS, SUITES } from './guest/suites.ts';
import { compilePrograms } from './programs.ts';
import { keepReport, lastReport, markdownOf, type Report, readChecks } from './report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache', 'kernels');
/** Name of the kernel that runs this. */
const RUNNING = 'running';
const ALL: readonly string[] = [...Object.keys(KERNELS), RUNNING];

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
  return { version: RUNNING, kernel: release(), checks: readChecks(stdout) };
}

async function checkVersion(
  version: string,
  folder: string,
  suites: readonly string[],
): Promise<Report> {
  const programs = join(folder, 'programs');
  if (version === RUNNING) return checkRunning(programs, suites);
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
        const report = await checkVersion(version, folder, suites);
        keepReport(cache, report);
        reports.push(report);
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

/** The table of all kernels; `undefined` while some suite has never run on one of them. */
function tableOfAll(): string | undefined {
  const reports = ALL.flatMap((version) => lastReport(cache, version) ?? []);
  const names = Object.keys(SUITES);
  const isWhole = ({ version, checks }: Report): boolean =>
    (version === RUNNING ? HARMLESS : names).every((name) =>
      checks.some(({ suite }) => suite === name),
    );
  if (reports.length < ALL.length || !reports.every(isWhole)) return undefined;
  return markdownOf(reports, names);
}

try {
  const { values, positionals: chosen } = parseArgs({
    options: { only: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const suites = values.only.split(',').filter((name) => name !== '');
  for (const [known, given] of [
    [ALL, chosen],
    [Object.keys(SUITES), suites],
  ] as const) {
    const unknown = given.filter((name) => !known.includes(name));
    if (unknown.length > 0)
      throw new Error(`expected ${known.join(', ')}, got ${unknown.join(', ')}`);
  }
  requireTools();
  const reports = await run(chosen.length > 0 ? chosen : ALL, suites);
  console.log(markdownOf(reports, Object.keys(SUITES)));
  const table = tableOfAll();
  if (table !== undefined) writeFileSync(join(root, 'docs', 'kernels.md'), table);
  const isSound = reports.every(({ checks }) => checks.length > 0 && checks.every(({ ok }) => ok));
  process.exitCode = isSound ? 0 : 1;
} catch (error) {
  console.error(`error: ${messageOf(error)}`);
  process.exitCode = 2;
}
