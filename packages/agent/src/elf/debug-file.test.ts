import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openDebugFile, resolveInRoot } from './debug-file.ts';
import { openElf } from './open-elf.ts';

function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test('resolveInRoot() keeps every link inside the root', () => {
  using root = folder();
  const at = (path: string): string => join(root.path, path);
  mkdirSync(at('etc'));
  writeFileSync(at('etc/passwd'), 'of the container');
  for (const [link, target] of [
    ['absolute', '/etc/passwd'],
    ['upwards', '../../../../../../etc/passwd'],
    ['folder', '/etc'],
    ['chain', 'absolute'],
    ['loop', 'loop'],
    ['broken', '/none'],
  ] as const) {
    symlinkSync(target, at(link));
  }
  const resolved = (path: string): string | undefined =>
    resolveInRoot(root.path, path)?.slice(root.path.length);
  for (const path of ['/absolute', '/upwards', '/folder/passwd', '/chain', '/../etc/./passwd']) {
    assert.equal(resolved(path), '/etc/passwd', path);
  }
  for (const path of ['/loop', '/broken', '/none/at/all']) assert.equal(resolved(path), undefined);
});

test('openElf() opens neither links nor pipes', () => {
  using root = folder();
  const link = join(root.path, 'link');
  symlinkSync(process.execPath, link);
  assert.match(openElf(link).problems.join(), /ELOOP/);
  assert.deepEqual(openElf('/dev/null').problems, ['expected a regular file']);
  using self = openElf('/proc/self/exe').value;
  using numbered = openElf(`/proc/${process.pid}/exe`).value;
  assert.equal(self, undefined);
  assert.ok(numbered);
});

test('openDebugFile() takes the file of a program without a build id only by its checksum', (t) => {
  for (const tool of ['cc', 'objcopy']) {
    if (spawnSync(tool, ['--version']).error) return t.skip(`no ${tool} here`);
  }
  using root = folder();
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { cwd: root.path });
  };
  writeFileSync(join(root.path, 'a.c'), 'int main() { return 0; }');
  run('cc', '-g', '-Wl,--build-id=none', '-o', 'program', 'a.c');
  mkdirSync(join(root.path, '.debug'));
  run('objcopy', '--only-keep-debug', 'program', '.debug/program.debug');
  run('objcopy', '--strip-all', '--add-gnu-debuglink=.debug/program.debug', 'program');

  using program = openElf(join(root.path, 'program')).value;
  assert.ok(program);
  const place = { path: '/program', root: root.path };
  using meant = openDebugFile(program.elf, place);
  assert.ok(meant);
  run('objcopy', '--strip-debug', '.debug/program.debug');
  assert.equal(openDebugFile(program.elf, place), undefined);
});
