import type { Check } from './guest/check.ts';

/** What was seen of one kernel. */
export interface Report {
  readonly version: string;
  /** Its package, or its release. */
  readonly kernel: string;
  /** Empty where it did not run. */
  readonly checks: readonly Check[];
}

/** The lines of JSON that a guest writes. */
export function readChecks(text: string): readonly Check[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Check);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table of all checks, a column a kernel. What failed is bold. */
export function markdownOf(reports: readonly Report[]): string {
  const names = new Set(reports.flatMap(({ checks }) => checks.map(({ name }) => name)));
  const cell = ({ checks }: Report, name: string): string => {
    const check = checks.find((each) => each.name === name);
    return check ? (check.ok ? check.value : `**${check.value}**`) : '';
  };
  return [
    '# Kernels',
    '',
    'One object, the same results: what `npm run kernels` last saw. The kernels are those Debian has',
    'for virtual machines, booted by qemu with two emulated CPUs, so times and numbers of samples say',
    'nothing about real machines; `running` is the kernel of the machine it ran on. Bold is what failed.',
    '',
    row(['', ...reports.map(({ version }) => version)]),
    row(['---', ...reports.map(() => '---')]),
    row(['kernel', ...reports.map(({ kernel }) => kernel)]),
    ...Array.from(names, (name) => row([name, ...reports.map((report) => cell(report, name))])),
    '',
  ].join('\n');
}
