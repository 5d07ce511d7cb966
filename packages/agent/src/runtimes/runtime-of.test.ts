import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseMaps } from '../proc/maps.ts';
import { runtimeOf, runtimeVersion } from './runtime-of.ts';

const mapsOf = (...paths: readonly string[]) =>
  parseMaps(
    paths
      .map((path, i) => `${i + 1}000-${i + 1}800 r-xp 00000000 08:01 ${i + 1} ${path}`)
      .join('\n'),
  ).value;

test('runtimeOf() tells a runtime by the paths of its files', () => {
  const told = (...paths: readonly string[]): string => {
    const runtime = runtimeOf(mapsOf('/usr/lib/libc.so.6', ...paths));
    return runtime ? `${runtime.name} ${runtime.version}`.trim() : '';
  };
  assert.deepEqual(
    [
      '/usr/bin/node',
      '/opt/java/lib/server/libjvm.so',
      '/usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/libcoreclr.so',
      '/usr/lib/erlang/erts-13.1.5/bin/beam.smp',
      '/usr/bin/php8.2',
      '/usr/sbin/php-fpm8.2',
      '/usr/lib/apache2/modules/libphp8.2.so',
      '/usr/lib/x86_64-linux-gnu/libluajit-5.1.so.2.1.0',
      '/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2',
      '/usr/local/lib/libruby.so.3.2.2',
      '/usr/bin/python3.11',
      '/usr/lib/libpython3.12.so.1.0',
      '/opt/venv/bin/python3',
      '/usr/bin/perl5.36',
      '/usr/bin/deno',
      '/usr/bin/pythonic',
      '/usr/bin/bash',
    ].map((path) => told(path)),
    [
      'node',
      'java',
      'dotnet 8.0',
      'erlang',
      'php 8.2',
      'php 8.2',
      'php 8.2',
      'luajit',
      'ruby 3.1',
      'ruby 3.2',
      'python 3.11',
      'python 3.12',
      'python',
      'perl 5.36',
      'deno',
      '',
      '',
    ],
  );
  assert.equal(told('/usr/bin/python3.11', '/x/libjvm.so'), 'java');
});

test('runtimeVersion() finds the version of Node in the file that is mapped', () => {
  const { value: mappings } = parseMaps(readFileSync('/proc/self/maps', 'utf8'));
  const runtime = runtimeOf(mappings);
  assert.equal(runtime?.name, 'node');
  if (!runtime) return;
  const [major] = process.versions.node.split('.');
  assert.equal(runtimeVersion(process.pid, mappings, runtime), major);
});
