import type { Finding } from '@kube-eagle/api';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';

/** What was looked at on a machine, a line each, and below it what to do. */
export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  return findings.flatMap(({ name, ok, detail, mend }) => {
    const mark = ok ? paint.green('ok') : paint.red('no');
    const line = `  ${mark}  ${printable(name).padEnd(width)}  ${printable(detail)}`;
    return mend === '' ? [line] : [line, `      ${paint.yellow('mend')}: ${printable(mend)}`];
  });
}
