import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ARM64, X86_64 } from './cfa-program.ts';
import { ehFrameAddress, type FrameSection, readFrameSection } from './eh-frame.ts';
import { CFA, FP } from './rule.ts';
import { createUnwindTableBuilder, findUnwindRow, type UnwindTable } from './unwind-table.ts';

const PAGE = 4096;

/** The call frame information of a file, found by readelf. */
function sectionOf(file: string): FrameSection {
  const options = { encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  const sections = execFileSync('readelf', ['-SW', file], options);
  const isArm64 = execFileSync('readelf', ['-hW', file], options).includes('AArch64');
  const [, address = '', offset = '', size = ''] =
    /\.eh_frame\s+\S+\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/.exec(sections) ?? [];
  const segments = execFileSync('readelf', ['-lW', file], options);
  const loads = [...segments.matchAll(/LOAD\s+0x[0-9a-f]+ (0x[0-9a-f]+)/g)];
  const lowest = Math.min(...loads.map(([, from]) => Number(from)));
  const bytes = new Uint8Array(Number.parseInt(size, 16));
  readSync(openSync(file, 'r'), bytes, 0, bytes.length, Number.parseInt(offset, 16));
  return {
    kind: 'eh_frame',
    bytes,
    address: Number.parseInt(address, 16),
    architecture: isArm64 ? ARM64 : X86_64,
    base: lowest - (lowest % PAGE),
    isDescribed: () => false,
  };
}

function tableOf(section: FrameSection): UnwindTable {
  const builder = createUnwindTableBuilder();
  readFrameSection(section, builder);
  return builder.finish({ base: section.base, hasFramePointerGaps: false, known: [] });
}

type Cell = (column: string) => string;

/** What readelf says of a register that is saved: its place from the canonical frame address. */
const savedAt = (text: string): string | undefined => /^c([+-]\d+)$/.exec(text)?.[1];

/** A row of `readelf -wF` in our words; `undefined` for forms that we do not take over. */
function expectedOfX86(cell: Cell): string | undefined {
  if (cell('ra') === 'u') return 'stop';
  const [, register, offset] = /^(rsp|rbp)([+-]\d+)$/.exec(cell('CFA')) ?? [];
  if (register === undefined || cell('ra') !== 'c-8') return undefined;
  return `${register}${Number(offset)} ${savedAt(cell('rbp')) ?? '-'}`;
}

/** The return address stays in its register until it is saved, as a rule right above x29. */
function expectedOfArm64(cell: Cell): string | undefined {
  const [, register, offset] = /^(sp|x29)([+-]\d+)$/.exec(cell('CFA')) ?? [];
  const [ra, fp] = [savedAt(cell('ra')), savedAt(cell('x29'))];
  const isRecord = fp !== undefined && Number(fp) + 8 === Number(ra);
  // That it is in its register and that there is none looks the same; a rule has 16 bits for a place.
  if (register === undefined || ra === undefined || Number(ra) < -0x8000) return undefined;
  if (fp !== undefined && !isRecord) return undefined;
  return `${register}${Number(offset)} ${isRecord ? fp : `ra${ra}`}`;
}

function drawRow(table: UnwindTable, address: number, [sp, bp]: readonly [string, string]): string {
  const rule = table.rule[findUnwindRow(table, address)] ?? 0;
  const { cfa, fp, cfaOffset, fpOffset } = table.rules;
  if (cfa[rule] === CFA.stop || cfa[rule] === CFA.signal) return 'stop';
  const register = cfa[rule] === CFA.sp ? sp : cfa[rule] === CFA.fp ? bp : 'other';
  const isAlone = bp === 'x29' && fp[rule] === FP.offset ? 'ra' : '';
  const saved = fp[rule] === FP.saved || isAlone ? `${isAlone}${fpOffset[rule]}` : '-';
  return `${register}${cfaOffset[rule]} ${saved}`;
}

/** The rows that readelf prints for functions: the address and what it expects there. */
async function* rowsOfReadelf(
  file: string,
  expectedOf: (cell: Cell) => string | undefined,
): AsyncIterable<readonly [number, string]> {
  const lines = createInterface({ input: spawn('readelf', ['-wF', file]).stdout });
  let columns: string[] = [];
  let isFunction = false;
  for await (const line of lines) {
    // `r5 (rdi)` is one cell.
    const cells = line
      .trim()
      .replace(/r\d+ \(\w+\)/g, 'reg')
      .split(/\s+/);
    if (/ (CIE|FDE) /.test(line)) isFunction = line.includes(' FDE ');
    if (cells[0] === 'LOC') columns = cells;
    const isRow = isFunction && /^[0-9a-f]{16}$/.test(cells[0] ?? '');
    const cell: Cell = (column) => cells[columns.indexOf(column)] ?? 'u';
    const expected = isRow ? expectedOf(cell) : undefined;
    if (expected !== undefined) yield [Number.parseInt(cells[0] ?? '', 16), expected];
  }
}

/** Rows that differ from what readelf says, and how many were compared. */
async function differences(file: string): Promise<{ checked: number; wrong: string[] }> {
  const section = sectionOf(file);
  const table = tableOf(section);
  const isArm64 = section.architecture === ARM64;
  const registers = isArm64 ? (['sp', 'x29'] as const) : (['rsp', 'rbp'] as const);
  const rows = rowsOfReadelf(file, isArm64 ? expectedOfArm64 : expectedOfX86);
  const wrong: string[] = [];
  let checked = 0;
  for await (const [address, expected] of rows) {
    checked++;
    const got = drawRow(table, address, registers);
    if (got !== expected) wrong.push(`${address.toString(16)}: expected ${expected}, got ${got}`);
  }
  return { checked, wrong };
}

async function assertRows(file: string, least: number): Promise<void> {
  const { checked, wrong } = await differences(file);
  assert.ok(checked > least, `expected more than ${least} rows, checked ${checked}`);
  assert.deepEqual(wrong.slice(0, 5), []);
}

for (const [name, file, least] of [
  ['libc', '/lib/x86_64-linux-gnu/libc.so.6', 20_000],
  ['libstdc++', '/usr/lib/x86_64-linux-gnu/libstdc++.so.6', 20_000],
  ['libjvm', '/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so', 100_000],
  ['python', '/usr/bin/python3.11', 20_000],
  ['node', process.execPath, 200_000],
  ['libc for arm64', '/usr/aarch64-linux-gnu/lib/libc.so.6', 5_000],
  ['libstdc++ for arm64', '/usr/aarch64-linux-gnu/lib/libstdc++.so.6', 5_000],
] as const) {
  test(`the rows of ${name} equal those of readelf`, async (t) => {
    if (process.arch !== 'x64' || !existsSync(file)) return t.skip(`no x86-64, or no ${file} here`);
    await assertRows(file, least);
  });
}

for (const [name, compiler, source] of [['Rust', ['rustc', '-O'], 'shares.rs']] as const) {
  test(`the rows of a program in ${name} equal those of readelf`, async (t) => {
    const [tool, ...words] = compiler;
    if (process.arch !== 'x64' || spawnSync('which', [tool]).status !== 0) {
      return t.skip(`no x86-64, or no ${tool} here`);
    }
    const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'program');
    const path = fileURLToPath(new URL(`../../../../golden/programs/${source}`, import.meta.url));
    execFileSync(tool, [...words, '-o', file, path]);
    await assertRows(file, 10);
  });
}

test('no bytes make readFrameSection() throw or give more than a few rows a byte', (t) => {
  const file = '/lib/x86_64-linux-gnu/libc.so.6';
  if (!existsSync(file)) return t.skip(`no ${file} here`);
  const section = sectionOf(file);
  const some = section.bytes.slice(0, 4_000);
  const change = fc.tuple(fc.nat(some.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(some.length), (changes, length) => {
      const bytes = some.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      const table = tableOf({ ...section, bytes });
      assert.ok(table.length <= bytes.length * 2 + 2);
      assert.ok(table.rule.every((rule) => rule < table.rules.length));
    }),
    { numRuns: 2_000 },
  );
});

test('ehFrameAddress() finds the section by its header', () => {
  const header = Uint8Array.from([1, 0x1b, 0x03, 0x3b, 0x10, 0, 0, 0]);
  assert.equal(ehFrameAddress(header, 0x1000), 0x1000 + 4 + 0x10);
  assert.equal(ehFrameAddress(header.slice(0, 5), 0x1000), undefined);
  assert.equal(ehFrameAddress(Uint8Array.from([9, 0x1b, 3, 0x3b, 0, 0, 0, 0]), 0), undefined);
});
