/** Fails when a source file is longer than STYLE.md allows. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MAX_LINES = 400;

const files = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx', '*.mjs'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('_pb.ts'));

const tooLong = files.flatMap((file) => {
  const lines = readFileSync(file, 'utf8').split('\n').length - 1;
  return lines > MAX_LINES
    ? [`${file}: ${lines} lines, at most ${MAX_LINES} allowed: split it`]
    : [];
});
for (const problem of tooLong) console.error(problem);
process.exitCode = tooLong.length > 0 ? 1 : 0;
