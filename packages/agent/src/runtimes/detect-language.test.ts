import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openElf } from '../elf/open-elf.ts';
import { detectLanguage } from './detect-language.ts';

for (const [exe, files, language] of [
  ['', [], 'kernel'],
  ['/usr/bin/python3.11', [], 'python'],
  ['/opt/app/bin/server', ['/lib/libc.so.6', '/opt/jdk/lib/server/libjvm.so'], 'java'],
  ['/usr/bin/python3.11', ['/usr/bin/python3.11', '/opt/jdk/lib/server/libjvm.so'], 'python'],
  ['/usr/sbin/uwsgi', ['/usr/lib/libpython3.12.so.1.0'], 'python'],
  ['/usr/local/bin/node', [], 'javascript'],
  ['/usr/lib/erlang/erts-13/bin/beam.smp', [], 'beam'],
  ['/usr/sbin/php-fpm8.2', [], 'php'],
  ['/usr/share/dotnet/dotnet', ['/usr/share/dotnet/libcoreclr.so'], 'dotnet'],
  ['/usr/bin/pythonic', [], 'unknown'],
] as const) {
  test(`${exe || 'a thread of the kernel'} is ${language}`, () => {
    assert.equal(detectLanguage({ exe, files, elf: undefined }).language, language);
  });
}

for (const [command, args, input, language] of [
  ['cc', ['-x', 'c', '-'], 'int main(void) { return 0; }', 'c/c++'],
  ['rustc', ['-'], 'fn main() {}', 'rust'],
] as const) {
  test(`what ${command} makes is ${language}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
    const exe = join(folder, 'a');
    const made = spawnSync(command, ['-o', exe, ...args], { input, cwd: folder });
    if (made.status !== 0) t.skip(`no ${command} here`);
    else {
      using file = openElf(exe).value;
      assert.equal(detectLanguage({ exe, files: [], elf: file?.elf }).language, language);
    }
    rmSync(folder, { recursive: true });
  });
}
