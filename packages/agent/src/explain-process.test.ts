import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { explainProcess, explanationText } from './explain-process.ts';

const skip = process.getuid?.() !== 0 && 'needs root to open what other processes have mapped';

test('a node without a perf map is explained, and how to have names', { skip }, async () => {
  const child = spawn(process.execPath, ['-e', 'console.log(1); for (;;) Math.random();']);
  await once(child.stdout, 'data');
  const explained = await explainProcess(child.pid ?? 0);
  child.kill('SIGKILL');
  assert.deepEqual(explained.language, { language: 'javascript', evidence: 'is node' });
  const node = explained.files.find(({ path }) => path === explained.process.exe);
  assert.ok(node && node.tableRows > 10_000 && node.names === '.symtab', JSON.stringify(node));
  assert.ok(explained.files.some(({ path, names }) => path === '[vdso]' && names === '.dynsym'));
  const generated = explained.files.find(({ path }) => path === 'generated code');
  assert.equal(generated?.names, 'none');
  assert.match(explanationText(explained), /mend: start node with --perf-basic-prof/);
});

test('a process that is not there is not found', async () => {
  await assert.rejects(explainProcess(4_194_303), {
    code: 'not_found',
    message: /process 4194303/,
  });
});
