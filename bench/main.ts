/**
 * Measures what ARCHITECTURE.md sets budgets for and writes RESULTS.md.
 *
 *   npm run bench              everything
 *   npm run bench -- store     only some
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { agent } from './agent.ts';
import type { Bench, Figure } from './figure.ts';
import { flame } from './flame.ts';
import { formats } from './formats.ts';
import { ingest } from './ingest.ts';
import { processes } from './processes.ts';
import { sampler } from './sampler.ts';
import { store } from './store.ts';
import { symbols } from './symbols.ts';
import { targets } from './targets.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  sampler,
  agent,
  processes,
  symbols,
  formats,
  ingest,
  store,
  flame,
  targets,
};

const number = (value: number): string =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en').replaceAll(',', ' ')
    : Number(value.toPrecision(3)).toString();

const verdict = ({ within }: Figure): string =>
  within === undefined ? '' : within ? 'within' : '**over**';

const rowOf = (figure: Figure): string =>
  `| ${figure.name} | ${number(figure.value)} ${figure.unit} | ${figure.budget ?? ''} | ${verdict(figure)} |`;

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !BENCHES[name]);
if (unknown.length > 0) {
  console.error(`error: expected ${Object.keys(BENCHES).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}

const sections: string[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n${name}`);
  const rows: string[] = [];
  for await (const figure of bench()) {
    rows.push(rowOf(figure));
    console.log(`  ${figure.name}: ${number(figure.value)} ${figure.unit} ${figure.budget ?? ''}`);
  }
  sections.push(
    `## ${name}\n\n| what | measured | budget | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`,
  );
}

if (chosen.length === 0) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const model = cpus()[0]?.model ?? 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} × ${model}, ${memoryGiB} GiB, Linux ${release()}, Node ${process.version}`;
  const head = `# Results\n\nWritten by \`npm run bench\` at commit ${commit} on ${machine}. One run on a shared machine: compare\nfigures of one run with each other before figures of two.\n`;
  writeFileSync(new URL('../RESULTS.md', import.meta.url), `${head}\n${sections.join('\n')}`);
  console.log('\nwritten to RESULTS.md');
}
