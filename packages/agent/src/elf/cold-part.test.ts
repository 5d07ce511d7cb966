import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { findColdPart } from './cold-part.ts';
import { findSymbols } from './find-symbols.ts';
import { openElf } from './open-elf.ts';

/** A loop of which a compiler moves six parts away, and one that it leaves whole. */
const PROGRAM = `
__attribute__((cold, noinline)) void fail(int n) { __asm__ volatile("" : : "r"(n)); }
#define CHECK(i) if (__builtin_expect(code[n + i] == i, 0)) { fail(i); sum += i; }
__attribute__((noinline)) int run(const char *code, int count) {
  int sum = 0;
  for (int n = 0; n < count; n++) { CHECK(1) CHECK(2) CHECK(3) CHECK(4) CHECK(5) CHECK(6) sum += code[n]; }
  return sum;
}
__attribute__((noinline)) int whole(const char *code, int count) {
  int sum = 0;
  for (int n = 0; n < count; n++) sum += code[n];
  return sum;
}
int main(int count, char **words) { return run(words[0], count) + whole(words[0], count); }
`;

test('the part that was moved out of a function is the one its symbol names', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'program');
  const flags = ['-O2', '-freorder-blocks-and-partition', '-x', 'c', '-', '-o', path];
  if (spawnSync('gcc', flags, { input: PROGRAM }).status !== 0) return t.skip('no gcc here');
  using open = openElf(path).value;
  assert.ok(open);
  if (open.elf.machine !== 'x86-64') return t.skip('reads x86-64 only');
  const symbols = findSymbols(open.elf, ['run', 'run.cold', 'whole']);
  const [run, cold, whole] = ['run', 'run.cold', 'whole'].map((name) => symbols.get(name));
  assert.ok(run && cold && whole);
  const found = findColdPart(open.elf, run);
  assert.equal(found?.address, cold.address);
  assert.ok((found?.size ?? 0) >= cold.size);
  assert.equal(findColdPart(open.elf, whole), undefined);
});
