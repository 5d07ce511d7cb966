import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import test from 'node:test';
import { lineOfFrame, readCodeObject } from './code-object.ts';
import { type CPythonLayout, DEBUG_OFFSETS_BYTES, layoutOf, readDebugOffsets } from './layout.ts';
import { openProcessMemory, type ProcessMemory } from './process-memory.ts';

/** Prints, for some functions, where their code lies and the line of each instruction. */
const PROGRAM = `
import dis, json, sys, time
source = '''class Shop:
    def checkout(self, items):
        total = 0
        for item in items:

            if item > 2:
                total += item
            else:
                try:
                    total -= (item
                              + 1)
                finally:
                    total *= 2
        return total

def \\u4e2d\\u6587(x):
    return [y
        for y in x
        if y]
'''
scope = {}
exec(compile(source, '/app/shop.py', 'exec'), scope)
rows = []
for function in (scope['Shop'].checkout, scope['\\u4e2d\\u6587']):
    code = function.__code__
    if hasattr(code, 'co_lines'):
        lines = [[at, line] for start, end, line in code.co_lines() for at in range(start, end, 2)]
    else:
        lines = [list(pair) for pair in dis.findlinestarts(code)]
    rows.append([id(code), getattr(code, 'co_qualname', code.co_name), code.co_firstlineno, lines])
print(json.dumps(rows), flush=True)
time.sleep(60)
`;

type Row = readonly [number, string, number, readonly (readonly [number, number | null])[]];

/** Interpreters of this machine: the system's and those of pyenv. */
function interpreters(): Map<number, string> {
  const pyenv = `${homedir()}/.pyenv/versions`;
  const found = new Map<number, string>();
  const folders = (() => {
    try {
      return readdirSync(pyenv).map((version) => `${pyenv}/${version}/bin/python3`);
    } catch {
      return [];
    }
  })();
  for (const path of [...folders, '/usr/bin/python3']) {
    const { stdout, status } = spawnSync(path, ['-c', 'import sys; print(sys.version_info[1])'], {
      encoding: 'utf8',
    });
    if (status === 0) found.set(Number(stdout), path);
  }
  return found;
}

/** The layout that an interpreter tells by itself: its _PyRuntime is found by its symbol. */
function toldLayout(memory: ProcessMemory, pid: number, path: string): CPythonLayout | undefined {
  const library = spawnSync('sh', [
    '-c',
    `grep -E 'r--p 00000000 .*(libpython3|bin/python3)' /proc/${pid}/maps | tac | head -1`,
  ]).stdout.toString();
  const file = library.trim().split(/\s+/).at(-1) ?? path;
  const symbol = spawnSync('sh', ['-c', `nm -D '${file}' | grep -w _PyRuntime`]).stdout.toString();
  const isFixed = spawnSync('readelf', ['-h', file]).stdout.toString().includes('EXEC');
  const base = isFixed ? 0 : Number.parseInt(library, 16);
  return readDebugOffsets(memory.read(base + Number.parseInt(symbol, 16), DEBUG_OFFSETS_BYTES));
}

const found = interpreters();
for (const minor of [8, 9, 10, 11, 12, 13]) {
  test(`names and lines of CPython 3.${minor} are those it knows itself`, async (t) => {
    const path = found.get(minor);
    if (path === undefined) return t.skip(`no python 3.${minor} here`);
    const python = spawn(path, ['-c', PROGRAM]);
    const ended = new Promise((resolve) => python.once('exit', resolve));
    try {
      const printed = await new Promise<Buffer>((resolve) => python.stdout.once('data', resolve));
      const pid = python.pid ?? 0;
      using memory = openProcessMemory(pid);
      assert.ok(memory);
      const layout = minor < 13 ? layoutOf(minor) : toldLayout(memory, pid, path);
      assert.ok(layout);
      for (const [address, name, firstLine, lines] of JSON.parse(printed.toString()) as Row[]) {
        const code = readCodeObject(memory, layout, address);
        assert.deepEqual(
          [code?.name, code?.fileName, code?.firstLine],
          [name, '/app/shop.py', firstLine],
        );
        if (!code) continue;
        for (const [offset, line] of lines) {
          if (line === null) continue;
          const got = lineOfFrame(code, layout, offset / layout.instructionUnit);
          assert.equal(got, line, `${name} at ${offset}`);
        }
      }
    } finally {
      python.kill('SIGKILL');
      await ended;
    }
  });
}

test('what is no code object gives nothing', () => {
  using memory = openProcessMemory(process.pid);
  const layout = layoutOf(11);
  assert.ok(memory && layout);
  for (const address of [0, 8, -1, Number.NaN, 2 ** 47, 2 ** 60]) {
    assert.equal(readCodeObject(memory, layout, address), undefined);
  }
});
