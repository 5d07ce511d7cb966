/** Records the expected files of all golden tests anew. Read the diff: it is the change of behaviour. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = globSync('{packages/*/src,test}/**/*.test.ts', { cwd: root }).filter((file) =>
  readFileSync(`${root}/${file}`, 'utf8').includes('fileSnapshot('),
);
const { status } = spawnSync('node', ['--test', '--test-update-snapshots', ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
