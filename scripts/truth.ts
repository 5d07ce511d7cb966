/**
 * Records the programs whose profile is known and writes the table of README.md.
 *
 *   npm run truth
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../test/harness.ts';
import { missingOf, PROGRAMS } from '../test/truth/programs.ts';
import { drawTable, recordUntilRight } from '../test/truth/verdict.ts';

const BEGIN = '<!-- truth: written by npm run truth -->';
const END = '<!-- /truth -->';

const table = drawTable(await recordUntilRight(PROGRAMS.filter((each) => !missingOf(each))));
console.log(table);
const path = join(ROOT, 'README.md');
const [before, rest] = readFileSync(path, 'utf8').split(BEGIN);
const [, after] = rest?.split(END) ?? [];
if (before === undefined || after === undefined) {
  console.error(`error: expected ${BEGIN} and ${END} in ${path}`);
  process.exit(1);
}
writeFileSync(path, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
