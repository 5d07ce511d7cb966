import type { Finding } from './sampler/findings.ts';

/** What `doctor` prints and how it exits: 1 where something is to be mended. */
export interface Diagnosis {
  readonly text: string;
  readonly status: 0 | 1;
}

/** The findings as lines for people, or as `{"findings": […]}`. */
export function diagnose(findings: readonly Finding[], output: 'text' | 'json'): Diagnosis {
  const text =
    output === 'json'
      ? `${JSON.stringify({ findings }, undefined, 2)}\n`
      : findings.map(lineOf).join('');
  return { text, status: findings.every(({ ok }) => ok) ? 0 : 1 };
}

function lineOf({ name, ok, detail, mend }: Finding): string {
  const line = `${ok ? 'ok  ' : 'bad '} ${name.padEnd(12)} ${detail}\n`;
  return mend === '' ? line : `${line}     ${' '.repeat(12)} mend: ${mend}\n`;
}
