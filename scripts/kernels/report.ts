import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, END } from './guest/check.ts';

/** A check with the suite it belongs to. */
export interface SuiteCheck extends Check {
  readonly suite: string;
}

/** What was seen of one kernel. */
export interface Report {
  readonly version: string;
  /** Its package, or its release. */
  readonly kernel: string;
  readonly checks: readonly SuiteCheck[];
}

/** The lines of JSON that a guest writes. Throws where it was cut before its last suite ended. */
export function readChecks(text: string): readonly SuiteCheck[] {
  if (!text.trimEnd().endsWith(END)) {
    throw new Error(`expected the checks to come to their end, got ${text.length} bytes of them`);
  }
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as SuiteCheck);
}

const fileOf = (folder: string, version: string): string => join(folder, version, 'report.json');

/** What was last seen of a kernel; `undefined` where it has not run. */
export function lastReport(folder: string, version: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(folder, version), 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Keeps a report; suites that did not run this time stay as they were seen on the same kernel. */
export function keepReport(folder: string, report: Report): void {
  const { version, kernel, checks } = report;
  const before = lastReport(folder, version);
  const ran = new Set(checks.map(({ suite }) => suite));
  const others =
    before?.kernel === kernel ? before.checks.filter(({ suite }) => !ran.has(suite)) : [];
  mkdirSync(join(folder, version), { recursive: true });
  const kept: Report = { version, kernel, checks: [...others, ...checks] };
  writeFileSync(fileOf(folder, version), `${JSON.stringify(kept, undefined, 1)}\n`);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table of all checks by suite, a column a kernel. What failed is bold. */
export function markdownOf(reports: readonly Report[], suites: readonly string[]): string {
  const all = reports.flatMap(({ checks }) => checks);
  const names = new Set(
    suites.flatMap((suite) => all.filter((each) => each.suite === suite).map(({ name }) => name)),
  );
  const cell = ({ checks }: Report, name: string): string => {
    const check = checks.find((each) => each.name === name);
    return check ? (check.ok ? check.value : `**${check.value}**`) : '';
  };
  return [
    '# Kernels',
    '',
    'One object, the same results: what the last run of each suite of `npm run kernels` saw. The kernels',
    'are those Debian has for virtual machines, booted by qemu with two emulated CPUs, so times and',
    'numbers of samples say nothing about real machines; `running` is the kernel of the machine it ran on,',
    'of which only what changes nothing is checked. Bold is what failed. Of what is missing, the bad',
    'findings of `doctor` are listed, then the driver that ran and how often it met a program.',
    '',
    row(['', ...reports.map(({ version }) => version)]),
    row(['---', ...reports.map(() => '---')]),
    row(['kernel', ...reports.map(({ kernel }) => kernel)]),
    ...Array.from(names, (name) => row([name, ...reports.map((report) => cell(report, name))])),
    '',
  ].join('\n');
}
