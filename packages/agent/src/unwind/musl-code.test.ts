import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openElf } from '../elf/open-elf.ts';
import { muslCode } from './musl-code.ts';
import { CFA } from './rule.ts';

const PROGRAM = `
#include <pthread.h>
#include <signal.h>
static void *body(void *all) { return all; }
int main(int count, char **words) {
  pthread_t thread;
  signal(SIGINT, (void (*)(int))body);
  return pthread_create(&thread, 0, body, words);
}`;

/** Functions that code lies in, by `nm`. */
function functionAt(path: string, address: number): string {
  const lines = execFileSync('nm', ['-n', '--defined-only', path], { encoding: 'utf8' }).split(
    '\n',
  );
  const before = lines.filter((line) => Number.parseInt(line, 16) <= address);
  return before.at(-1)?.split(' ')[2] ?? '';
}

test('muslCode() finds where stacks of a static program begin', (t) => {
  if (spawnSync('musl-gcc', ['--version']).error) return t.skip('no musl-gcc here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'program');
  execFileSync('musl-gcc', ['-O2', '-static', '-xc', '-', '-o', path], { input: PROGRAM });
  using file = openElf(path).value;
  assert.ok(file);
  const known = muslCode(file.elf);
  const functionsOf = (cfa: number): string[] =>
    known.filter(({ rule }) => rule.cfa === cfa).map(({ end }) => functionAt(path, end - 1));
  const ends = functionsOf(CFA.stop);
  for (const name of ['libc_start_main_stage2', 'start', '__clone']) {
    assert.ok(ends.includes(name), `expected an end in ${name}, got ${ends.join(' ')}`);
  }
  assert.deepEqual(functionsOf(CFA.signal), ['__restore_rt']);
});

test('muslCode() finds nothing in a program of another library', () => {
  using file = openElf(process.execPath).value;
  assert.ok(file);
  assert.deepEqual(muslCode(file.elf), []);
});
