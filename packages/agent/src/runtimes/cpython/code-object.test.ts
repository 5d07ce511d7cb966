import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { parseMaps } from '../../proc/maps.ts';
import { codeRanges } from '../../sampler/address-space.ts';
import { createExecutableTable } from '../../sampler/executable-table.ts';
import { lineOfFrame, readCodeObject } from './code-object.ts';
import { DEBUG_OFFSETS_BYTES, readDebugOffsets } from './debug-offsets.ts';
import { type CPython, findCPython, readCPythonFile } from './find-cpython.ts';
import { layoutOf } from './layout.ts';
import { openProcessMemory, type ProcessMemory } from './process-memory.ts';
import { interpreters, MINORS } from './testing.ts';

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

/** The interpreter of a process, found the way the agent does it. */
function findIn(pid: number, memory: ProcessMemory): CPython | undefined {
  const executables = createExecutableTable();
  const maps = parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8')).value;
  for (const { file, bias } of codeRanges(pid, maps, executables)) {
    const python = file && readCPythonFile(file.executable);
    if (python) return findCPython(python, bias, memory);
  }
  return undefined;
}

const found = interpreters();
for (const minor of MINORS) {
  test(`names and lines of CPython 3.${minor} are those it knows itself`, async (t) => {
    const all = found.filter((each) => each.minor === minor);
    if (all.length === 0) return t.skip(`no python 3.${minor} here`);
    for (const { command, args } of all) await compareNames(command, args);
  });
}

async function compareNames(command: string, args: readonly string[]): Promise<void> {
  const python = spawn(command, [...args, '-c', PROGRAM]);
  const ended = new Promise((resolve) => python.once('exit', resolve));
  try {
    const printed = await new Promise<Buffer>((resolve) => python.stdout.once('data', resolve));
    const pid = python.pid ?? 0;
    using memory = openProcessMemory(pid);
    assert.ok(memory);
    const layout = findIn(pid, memory)?.layout;
    assert.ok(layout);
    for (const [address, name, firstLine, lines] of JSON.parse(printed.toString()) as Row[]) {
      const code = readCodeObject(memory, layout, address);
      assert.ok(code);
      assert.deepEqual(
        [code.name, code.fileName, code.firstLine],
        [name, '/app/shop.py', firstLine],
      );
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
}

test('what is no code object gives nothing', () => {
  using memory = openProcessMemory(process.pid);
  const layout = layoutOf(11);
  assert.ok(memory && layout);
  for (const address of [0, 8, -1, Number.NaN, 2 ** 47, 2 ** 60]) {
    assert.equal(readCodeObject(memory, layout, address), undefined);
  }
});

/** Memory that answers every read with bytes of its own choice, and remembers how much was asked for. */
function lyingMemory(bytes: Uint8Array): ProcessMemory & { readonly asked: () => number } {
  let asked = 0;
  return {
    read(address, length) {
      asked += length;
      const from = Math.abs(Math.trunc(address)) % 64;
      const wanted = Math.min(length, 2 ** 20);
      return Uint8Array.from({ length: wanted }, (_, i) => bytes[(from + i) % bytes.length] ?? 0);
    },
    asked: () => asked,
    [Symbol.dispose]: () => undefined,
  };
}

test('whatever memory says, reading code ends, within bounds', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 64, maxLength: 256 }),
      fc.constantFrom(...[8, 9, 10, 11, 12]),
      fc.integer(),
      (bytes, minor, instruction) => {
        const layout = layoutOf(minor);
        assert.ok(layout);
        const memory = lyingMemory(bytes);
        const code = readCodeObject(memory, layout, 4096);
        assert.ok(memory.asked() < 2 ** 17);
        if (code) assert.ok(Number.isSafeInteger(lineOfFrame(code, layout, instruction)));
      },
    ),
  );
});

test('offsets that are told are believed within bounds only', () => {
  const words = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), {
    minLength: DEBUG_OFFSETS_BYTES / 8,
    maxLength: DEBUG_OFFSETS_BYTES / 8,
  });
  const small = fc.array(fc.bigInt({ min: 0n, max: 2_000n }), {
    minLength: DEBUG_OFFSETS_BYTES / 8,
    maxLength: DEBUG_OFFSETS_BYTES / 8,
  });
  fc.assert(
    fc.property(fc.oneof(words, small), fc.constantFrom(13n, 14n), (rows, minor) => {
      const bytes = Buffer.from(BigUint64Array.from(rows).buffer);
      bytes.write('xdebugpy');
      bytes.writeBigUInt64LE((3n << 24n) | (minor << 16n), 8);
      bytes.writeBigUInt64LE(0n, 16);
      const layout = readDebugOffsets(bytes);
      if (!layout) return;
      assert.ok(Object.values(layout.frame).every((offset) => offset < 120));
      assert.ok(layout.code.size <= 1024);
    }),
  );
});

test('a free-threaded build and a release that is not known are left alone', () => {
  const bytes = Buffer.alloc(DEBUG_OFFSETS_BYTES);
  bytes.write('xdebugpy');
  bytes.writeBigUInt64LE(0x030d_00f0n, 8);
  assert.equal(readDebugOffsets(bytes)?.minor, 13);
  bytes.writeBigUInt64LE(1n, 16);
  assert.equal(readDebugOffsets(bytes), undefined);
  bytes.writeBigUInt64LE(0n, 16);
  bytes.writeBigUInt64LE(0x0363_00f0n, 8);
  assert.equal(readDebugOffsets(bytes), undefined);
});
