import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type ExplainedProcess, explainProcess, explanationText } from './explain-process.ts';

const skip = process.getuid?.() !== 0 && 'needs root to open what other processes have mapped';

/** What is said of a program that has begun to run. */
async function explain(
  command: string,
  args: readonly string[],
  attachToJvms = true,
): Promise<{ readonly explained: ExplainedProcess; readonly text: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(child.stdout, 'data');
    const explained = await explainProcess(child.pid ?? 0, attachToJvms);
    return { explained, text: explanationText(explained) };
  } finally {
    child.kill('SIGKILL');
  }
}

const lacks = (command: string): string | false =>
  spawnSync('which', [command]).status !== 0 && `no ${command} here`;

test('a node without a perf map is explained, and how to have names', { skip }, async () => {
  const args = ['-e', 'console.log(1); for (;;) Math.random();'];
  const { explained, text } = await explain(process.execPath, args);
  assert.deepEqual(explained.language, { language: 'javascript', evidence: 'is node' });
  const node = explained.code.find(({ path }) => path === explained.process.exe);
  assert.match(node?.unwinder ?? '', /^table, \d{5,} rows$/);
  assert.equal(node?.names, '.symtab');
  assert.ok(explained.code.some(({ path, names }) => path === '[vdso]' && names === '.dynsym'));
  const [major] = process.versions.node.split('.');
  const generated = `  frame pointers +no perf map +- +generated code of node ${major}\n`;
  assert.match(text, new RegExp(generated));
  assert.match(text, /mend: start node with --perf-basic-prof/);
});

test('a node with a perf map needs no mending of its generated code', { skip }, async () => {
  const args = ['--perf-basic-prof', '-e', 'console.log(process.pid); for (;;) Math.random();'];
  const { explained, text } = await explain(process.execPath, args);
  rmSync(`/tmp/perf-${explained.process.pid}.map`, { force: true });
  assert.match(text, /perf map, \d+ names +- +generated code of node/);
  assert.doesNotMatch(text, /mend: start node/);
});

test('a JVM is asked for names, unless that is off', { skip: skip || lacks('java') }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'Spin.java');
  writeFileSync(
    program,
    'class Spin { public static void main(String[] a) { System.out.println(1); for (;;); } }',
  );
  const asked = await explain('java', [program]);
  assert.match(asked.text, /the JVM, asked by attaching +- +generated code of java \d+\n/);
  const off = await explain('java', [program], false);
  assert.match(off.text, /attaching is off +- +generated code of java \d+\n/);
  assert.match(off.text, /mend: let the agent attach to the JVM/);
  assert.match(off.text, /mend: start the JVM with -XX:\+PreserveFramePointer/);
});

test('Python is walked by its own frames', {
  skip: skip || lacks('/usr/bin/python3'),
}, async () => {
  const args = ['-u', '-c', 'print(1)\nwhile True: pass'];
  const { text } = await explain('/usr/bin/python3', args);
  assert.match(text, /frames of CPython 3\.\d+ +code objects +- +Python code in python3\.\d+\n/);
});

test('code of LuaJIT runs on the frame of its interpreter', {
  skip: skip || lacks('luajit'),
}, async () => {
  const program = 'print(1) io.flush() for i = 1, 1e12 do end';
  const { text } = await explain('luajit', ['-e', program]);
  assert.match(text, /the frame of \S*luajit\S* +no perf map +- +generated code of luajit 2\.\d\n/);
});

test('code of PHP is in shared memory, and can be named', {
  skip: skip || lacks('php'),
}, async (t) => {
  const options = ['enable_cli=1', 'jit_buffer_size=32M', 'jit=tracing', 'jit_debug=16'];
  const program =
    'function f($n) { for ($s = 0, $i = 0; $i < $n; $i++) $s += $i; return $s; } f(1e6); echo 1; while (true) f(1e5);';
  const args = [...options.flatMap((each) => ['-d', `opcache.${each}`]), '-r', program];
  const { explained, text } = await explain('php', args);
  rmSync(`/tmp/perf-${explained.process.pid}.map`, { force: true });
  if (!text.includes('generated code')) return t.skip('no opcache here');
  assert.match(text, /the frame of php\S* +perf map, \d+ names +- +generated code of php 8\.\d\n/);
});

test('Erlang without frame pointers is said to be cut', {
  skip: skip || lacks('erl'),
}, async () => {
  const { text } = await explain('erl', ['-noshell', '-eval', 'io:format("1")']);
  assert.match(text, /nothing: stacks are cut +no perf map +- +generated code of erlang \d+\n/);
  assert.match(text, /mend: start Erlang with \+JPperf true, so that its code keeps/);
});

test('a process that is not there is not found', async () => {
  await assert.rejects(explainProcess(4_194_303, true), {
    code: 'not_found',
    message: /process 4194303/,
  });
});
