import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { FRAME_KINDS } from '@kube-eagle/profile';
import { readBuildId } from '../elf/build-id.ts';
import { openElf } from '../elf/open-elf.ts';
import { parseMaps } from '../proc/maps.ts';
import { ADDRESS_SPACES, type Executable, type SampleWindow } from '../sampler/sampler.ts';
import { createSymbolizer } from './create-symbolizer.ts';
import { openFileSymbols } from './file-symbols.ts';

const SPACES: readonly string[] = ADDRESS_SPACES;

/** A window whose frames are addresses of one file. */
function windowOf(path: string, addresses: readonly number[]): SampleWindow {
  const length = addresses.length;
  return {
    startMs: 0,
    durationNs: 1e10,
    rateHz: 19,
    processes: [],
    executables: [{ path, openPath: path, buildId: readBuildId(path) }],
    interpreted: [],
    stacks: {
      length: 0,
      process: new Int32Array(),
      count: new Float64Array(),
      end: new Uint8Array(),
      firstFrame: new Int32Array(1),
    },
    frames: {
      length,
      space: new Uint8Array(length).fill(ADDRESS_SPACES.indexOf('file')),
      executable: new Int32Array(length),
      address: Float64Array.from(addresses),
    },
    lost: 0,
  };
}

async function namesOf(path: string, addresses: readonly number[]): Promise<string[]> {
  const options = {
    maxTableBytes: 2 ** 25,
    kernelMaxAgeMs: 60_000,
    now: () => 0,
    attachToJvms: false,
  };
  await using symbolizer = await createSymbolizer(options);
  const named = await symbolizer.name(windowOf(path, addresses), AbortSignal.timeout(60_000));
  return addresses.map((_, row) => {
    const name = named.strings[named.name[row] ?? 0] ?? '-';
    return `${name} (${FRAME_KINDS[named.kind[row] ?? 0]})`;
  });
}

interface Listed {
  readonly address: number;
  readonly sizeBytes: number;
  readonly name: string;
}

/** Functions with a size as `nm` lists them. */
function functionsOf(path: string, options: readonly string[]): Listed[] {
  const text = execFileSync('nm', ['-S', ...options, path], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return [...text.matchAll(/^([0-9a-f]+) ([0-9a-f]+) [tTWi] (\S+)$/gm)].map(
    ([, address = '', size = '', name = '']) => ({
      address: Number.parseInt(address, 16),
      sizeBytes: Number.parseInt(size, 16),
      name: name.replace(/@.*$/, ''),
    }),
  );
}

for (const [link, options] of [
  ['/lib/x86_64-linux-gnu/libc.so.6', ['-D']],
  ['/usr/lib/x86_64-linux-gnu/libstdc++.so.6', ['-D']],
  [process.execPath, []],
] as const) {
  const path = realpathSync(link);
  test(`the functions of ${path.split('/').at(-1)} are those that nm lists`, async (t) => {
    if (spawnSync('nm', ['--version']).error) return t.skip('no nm here');
    const symbols = await openFileSymbols({ path, openPath: path, buildId: '' });
    const aliases = new Map<number, Set<string>>();
    const listed = functionsOf(path, options).filter(({ sizeBytes }) => sizeBytes > 0);
    for (const { address, name } of listed) {
      aliases.set(address, (aliases.get(address) ?? new Set()).add(name));
    }
    const wrong = listed.flatMap(({ address, sizeBytes }) => {
      const found = symbols?.find(address)[0]?.name;
      const last = symbols?.find(address + sizeBytes - 1)[0]?.name;
      const isRight = found !== undefined && aliases.get(address)?.has(found);
      return isRight && last !== undefined ? [] : [`${address.toString(16)}: ${found}, ${last}`];
    });
    assert.ok(listed.length > 1_000);
    assert.deepEqual(wrong.slice(0, 5), []);
  });
}

const CPP = `
#include <vector>
namespace shop { template <class T> __attribute__((noinline)) T total(const std::vector<T>& all) {
  T sum{}; for (auto& one : all) sum += one; return sum; } }
int main(int count, char**) { return shop::total(std::vector<int>(count, 2)); }`;

const RUST = `
mod shop { #[inline(never)] pub fn total(n: u64) -> u64 { (0..n).map(|x| std::hint::black_box(x * x)).sum() } }
fn main() { println!("{}", shop::total(std::env::args().count() as u64)); }`;

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  return work(folder).finally(() => rmSync(folder, { recursive: true }));
}

test('names of C++ and Rust are written out and told apart', async (t) => {
  if (spawnSync('c++', ['--version']).error) return t.skip('no C++ compiler here');
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'a.cpp'), CPP);
    execFileSync('c++', ['-O1', '-o', join(folder, 'a'), join(folder, 'a.cpp')]);
    const [cpp] = functionsOf(join(folder, 'a'), []).filter(({ name }) => /shop5total/.test(name));
    const [name] = await namesOf(join(folder, 'a'), [cpp?.address ?? 0]);
    assert.match(name ?? '', /^(int )?shop::total<int>\(.*std::vector<int.*\) \(native\)$/);
    if (spawnSync('rustc', ['--version']).error) return t.diagnostic('no Rust compiler here');
    writeFileSync(join(folder, 'b.rs'), RUST);
    const build = ['-C', 'opt-level=1', '-o', join(folder, 'b'), join(folder, 'b.rs')];
    execFileSync('rustc', build);
    const [rust] = functionsOf(join(folder, 'b'), []).filter(({ name }) =>
      /4shop5total/.test(name),
    );
    assert.deepEqual(await namesOf(join(folder, 'b'), [rust?.address ?? 0]), [
      'b::shop::total (rust)',
    ]);
  });
});

test('a stripped program has the names of its packed or separate symbols', async (t) => {
  for (const tool of ['cc', 'objcopy', 'xz']) {
    if (spawnSync(tool, ['--version']).error) return t.skip(`no ${tool} here`);
  }
  await inFolder(async (folder) => {
    const at = (name: string): string => join(folder, name);
    const run = (command: string, ...args: string[]): void => {
      execFileSync(command, args, { cwd: folder });
    };
    writeFileSync(
      at('a.c'),
      'static __attribute__((noinline)) int hidden(int x) { return x * 3; }\nint main(int n) { return hidden(n); }',
    );
    run('cc', '-O1', '-g', '-Wl,--build-id', '-o', 'whole', 'a.c');
    const [hidden] = functionsOf(at('whole'), []).filter(({ name }) => name === 'hidden');
    const address = hidden?.address ?? 0;
    run('objcopy', '--strip-all', 'whole', 'stripped');
    assert.deepEqual(await namesOf(at('stripped'), [address]), ['- (native)']);

    run('objcopy', '--strip-debug', 'whole', 'mini');
    run('xz', '--keep', '--format=xz', 'mini');
    run('objcopy', '--add-section', '.gnu_debugdata=mini.xz', 'stripped', 'packed');
    const packed = await openFileSymbols({
      path: at('packed'),
      openPath: at('packed'),
      buildId: '',
    });
    assert.deepEqual(
      [packed?.source, packed?.find(address)[0]?.name],
      ['.gnu_debugdata', 'hidden'],
    );

    mkdirSync(at('.debug'));
    run('objcopy', '--only-keep-debug', 'whole', '.debug/linked.debug');
    run('objcopy', '--add-gnu-debuglink=.debug/linked.debug', 'stripped', 'linked');
    const linked = await openFileSymbols({
      path: at('linked'),
      openPath: at('linked'),
      buildId: '',
    });
    assert.ok(linked);
    assert.deepEqual([linked.source, linked.find(address)[0]?.name], ['debug file', 'hidden']);

    copyFileSync(at('whole'), at('copy'));
    assert.equal(readBuildId(at('copy')), readBuildId(at('stripped')));
  });
});

test('a Go program is told by its kind', async (t) => {
  if (spawnSync('go', ['version']).error) return t.skip('no Go compiler here');
  await inFolder(async (folder) => {
    const program = join(folder, 'a');
    writeFileSync(
      `${program}.go`,
      'package main\n//go:noinline\nfunc total(n int) int { return n * 2 }\nfunc main() { println(total(1)) }',
    );
    execFileSync('go', ['build', '-o', program, `${program}.go`]);
    const [total] = functionsOf(program, []).filter(({ name }) => name === 'main.total');
    assert.deepEqual(await namesOf(program, [total?.address ?? 0]), ['main.total (go)']);
  });
});

test('files that this process has mapped give names by the links of the kernel', async (t) => {
  const { value: mappings } = parseMaps(readFileSync('/proc/self/maps', 'utf8'));
  const executableOf = (pattern: RegExp): Executable => {
    const mapping = mappings.find(({ path }) => pattern.test(path));
    assert.ok(mapping);
    const range = `${mapping.start.toString(16)}-${mapping.end.toString(16)}`;
    const openPath = `/proc/${process.pid}/map_files/${range}`;
    return { path: mapping.path, openPath, buildId: readBuildId(openPath) };
  };
  const node = executableOf(/\/node$/);
  const libc = executableOf(/\/libc[.-]/);
  using program = openElf(node.openPath).value;
  if (!program) return t.skip('map_files is not open to this user');
  const malloc = functionsOf(libc.path, ['-D']).find(({ name }) => name === 'malloc');
  const window = {
    ...windowOf(node.path, [program.elf.entry, 1, (malloc?.address ?? 0) + 10, 1]),
    executables: [node, libc],
  };
  window.frames.executable.set([0, 0, 1, 1]);
  const options = { maxTableBytes: 1, kernelMaxAgeMs: 60_000, now: () => 0, attachToJvms: false };
  await using symbolizer = await createSymbolizer(options);
  const { strings, name, first } = await symbolizer.name(window, t.signal);
  assert.deepEqual(
    Array.from(name, (row) => strings[row]),
    ['_start', undefined, 'malloc', undefined],
  );
  assert.deepEqual([...first], [0, 1, 2, 3, 4]);
  await symbolizer.name(window, t.signal);
  const { hits, misses, loads, evictions } = symbolizer.counters();
  assert.deepEqual(
    { hits, misses, loads, evictions },
    { hits: 4, misses: 4, loads: 2, evictions: 1 },
  );
});

test('a frame of the kernel is of that kind; one of generated code says why it has no name', async (t) => {
  const line = readFileSync('/proc/kallsyms', 'latin1')
    .split('\n')
    .find((each) => / [tT] vfs_read$/.test(each));
  const address = Number.parseInt(line?.slice(4, 16) ?? '0', 16);
  if (address === 0) return t.skip('kernel addresses are hidden here');
  const gone = { pid: 4_194_303, startTicks: 1, comm: '', exe: '/x', containerId: '', unit: '' };
  const window = {
    ...windowOf(process.execPath, [address, 0x7f0000000000]),
    processes: [gone],
    stacks: {
      length: 1,
      process: Int32Array.of(0),
      count: Float64Array.of(1),
      end: Uint8Array.of(0),
      firstFrame: Int32Array.of(0, 2),
    },
  };
  window.frames.space.set(['kernel', 'anonymous'].map((each) => SPACES.indexOf(each)));
  window.frames.executable.fill(-1);
  await using symbolizer = await createSymbolizer({
    maxTableBytes: 1,
    kernelMaxAgeMs: 60_000,
    now: () => 0,
    attachToJvms: false,
  });
  const { strings, name, kind, isReason } = await symbolizer.name(window, t.signal);
  assert.deepEqual(
    Array.from(kind, (each) => FRAME_KINDS[each]),
    ['kernel', 'unknown'],
  );
  assert.deepEqual(
    Array.from(name, (each) => strings[each]),
    ['vfs_read', '[jit: ended before it was read]'],
  );
  assert.deepEqual([...isReason], [0, 1]);
});

test('a file that another has replaced gives no names', async () => {
  const executable = { path: '/lib', openPath: realpathSync(process.execPath), buildId: 'abcd' };
  assert.equal(await openFileSymbols(executable), undefined);
});

test('frames that an interpreter named keep its names, files and lines', async () => {
  const window = windowOf('/bin/true', [0, 0]);
  window.frames.space[1] = ADDRESS_SPACES.indexOf('interpreted');
  window.frames.executable[1] = -1;
  const interpreted = [{ text: 'Shop.pay', kind: 'cpython' as const, file: '/app.py', line: 7 }];
  const options = { maxTableBytes: 1, kernelMaxAgeMs: 1, now: () => 0, attachToJvms: false };
  await using symbolizer = await createSymbolizer(options);
  const named = await symbolizer.name({ ...window, interpreted }, AbortSignal.timeout(60_000));
  const { strings } = named;
  assert.deepEqual(
    [strings[named.name[1] ?? -1], strings[named.file[1] ?? -1], named.line[1]],
    ['Shop.pay', '/app.py', 7],
  );
  assert.equal(FRAME_KINDS[named.kind[1] ?? 0], 'cpython');
  assert.equal(named.line[0], 0);
});
