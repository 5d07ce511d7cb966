import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import fc from 'fast-check';
import { readElf } from './elf-file.ts';
import { openElf } from './open-elf.ts';
import { readPltTable } from './plt-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
after(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
#include <stdlib.h>
#include <string.h>
int main(int n, char **all) {
  void *(*again)(size_t) = malloc;
  char *text = strdup(all[n - 1]);
  text[0] += labs(n) + strlen(again(n) ? "a" : text);
  return puts(text) + rand();
}
int puts(const char *);`;

/** binutils know every kind of stub, but of this processor's only. */
const disassemblerOf = (path: string): string =>
  path.includes('aarch64') ? 'llvm-objdump' : 'objdump';

/** Stubs as a disassembler names them: address and name. */
function listed(path: string): (readonly [number, string])[] {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const text = execFileSync(disassemblerOf(path), ['-d', '--no-show-raw-insn', path], options);
  return [...text.matchAll(/^([0-9a-f]+) <(\w+)@plt>:$/gm)].map(
    ([, address = '', name = '']) => [Number.parseInt(address, 16), name] as const,
  );
}

function assertNamed(path: string, least: number): void {
  using file = openElf(path).value;
  assert.ok(file);
  const table = readPltTable(file.elf);
  const stubs = listed(path);
  assert.ok(stubs.length >= least, `expected ${least} stubs, got ${stubs.length}`);
  for (const [address, name] of stubs) {
    assert.equal(table?.find(address), `${name}@plt`);
    assert.equal(table?.find(address + 7), `${name}@plt`);
  }
}

const missing = ['objdump', 'llvm-objdump'].find((tool) => spawnSync(tool, ['--version']).error);
const skip = missing !== undefined && `no ${missing} here`;

for (const [what, flags] of [
  ['bound late', ['-Wl,-z,lazy']],
  ['bound at once', ['-Wl,-z,now']],
  ['marked for branch tracking', ['-fcf-protection', '-Wl,-z,ibtplt,-z,lazy']],
] as const) {
  test(`stubs have the names of what they call: ${what}`, { skip }, (t) => {
    if (process.arch !== 'x64' || spawnSync('cc', ['--version']).error) {
      return t.skip('no x86-64 C compiler here');
    }
    const path = join(folder, what);
    const args = ['-O1', '-fno-builtin', '-w', ...flags, '-xc', '-', '-o', path];
    execFileSync('cc', args, { input: PROGRAM });
    assertNamed(path, 5);
  });
}

for (const [path, least] of [
  ['/usr/lib/x86_64-linux-gnu/libstdc++.so.6', 500],
  ['/usr/aarch64-linux-gnu/lib/libstdc++.so.6', 500],
] as const) {
  test(`stubs have the names of what they call: ${path}`, { skip }, (t) => {
    if (!existsSync(path)) return t.skip(`no ${path} here`);
    assertNamed(realpathSync(path), least);
  });
}

test('no bytes make readPltTable() throw', (t) => {
  const path = '/lib/x86_64-linux-gnu/libm.so.6';
  if (!existsSync(path)) return t.skip(`no ${path} here`);
  const whole = readFileSync(realpathSync(path));
  const sections = whole.readUInt32LE(40);
  const change = fc.tuple(fc.nat(4096), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[(sections + at) % bytes.length] = value;
      const elf = readElf((offset, length) => bytes.subarray(offset, offset + length)).value;
      const plt = elf?.sections.find(({ name }) => name === '.plt');
      const name = elf && readPltTable(elf)?.find((plt?.address ?? 0) + 17);
      assert.ok(name === undefined || name.endsWith('plt') || name === '[plt]');
    }),
    { numRuns: 200 },
  );
});
