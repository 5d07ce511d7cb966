import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type ElfFile, findSection, type ReadAt, readElf } from '../../elf/elf-file.ts';
import { openElf } from '../../elf/open-elf.ts';
import { type GoPlace, type GoProgram, openGoProgram } from './go-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
test.after(() => rmSync(folder, { recursive: true }));

const SOURCE = fileURLToPath(
  new URL('../../../../../golden/programs/routines.go', import.meta.url),
);
const LOCAL = 'local';
/** One release of each kind of table, and the one that is installed. */
const RELEASES = [LOCAL, 'go1.18.10', 'go1.24.0'];
const ADDRESSES = 5_000;
const options = { encoding: 'utf8', maxBuffer: 1 << 26 } as const;

/** Builds the program; `undefined` where the release is not to be had. */
function build(release: string, ...flags: readonly string[]): string | undefined {
  const path = join(folder, [release, ...flags].join('').replaceAll(/[^\w.]+/g, '-'));
  const env = { ...process.env, GOTOOLCHAIN: release };
  const { status } = spawnSync('go', ['build', ...flags, '-o', path, SOURCE], { env, cwd: folder });
  return status === 0 ? path : undefined;
}

/** Addresses all over the program's code, but no function's last: the runtime is asked for the next. */
function addressesOf({ functions, textStart }: GoProgram): number[] {
  const end = functions.at(functions.length - 1)?.end ?? 0;
  const step = Math.max(1, Math.floor(end / ADDRESSES)) | 1;
  return Array.from({ length: Math.floor(end / step) }, (_, row) => row * step)
    .filter((offset) => functions.at(functions.find(offset))?.end !== offset + 1)
    .map((offset) => textStart + offset);
}

function mainOf({ functions, textStart }: GoProgram): number {
  for (let row = 0; row < functions.length; row++) {
    const found = functions.at(row);
    if (found && functions.name(found.name) === 'main.main') return textStart + found.start;
  }
  throw new Error('no main.main');
}

/** As the runtime tells it: without type arguments, and with a mark for an unknown file. */
const shown = ({ line, name, file }: GoPlace): string =>
  `${line} ${name.replace(/\[.*\]/, '[...]')} ${file || '?'}`;
/** The runtime has no name for the function whose name comes first in the table. */
const isNameless = (told = ''): boolean => /^\d+ {2}/.test(told);

async function withProgram(
  path: string,
  work: (program: GoProgram) => void | Promise<void>,
): Promise<void> {
  using open = openElf(path).value;
  const program = open && openGoProgram(open.elf);
  assert.ok(program);
  await work(program);
}

for (const release of RELEASES) {
  for (const flags of [[], ['-ldflags=-s -w'], ['-buildmode=pie', '-ldflags=-s -w']]) {
    const what = [release, ...flags].join(' ');
    test(`places are those that the program's own runtime tells: ${what}`, async (t) => {
      const path = build(release, ...flags);
      if (path === undefined) return t.skip(`no Go ${release} here`);
      await withProgram(path, (program) => {
        const addresses = addressesOf(program);
        const main = mainOf(program);
        const input = addresses.map((address) => address - main).join('\n');
        const told = execFileSync(path, ['places'], { ...options, input })
          .trim()
          .split('\n');
        const wrong = addresses.flatMap((address, row) => {
          const [innermost] = program.find(address);
          const got = innermost && shown(innermost);
          return got === told[row] || isNameless(told[row])
            ? []
            : [`${address.toString(16)}: ${told[row]}, got ${got}`];
        });
        assert.ok(told.length > ADDRESSES / 2);
        assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${told.length}`);
      });
    });
  }

  test(`inlined calls are places of their own: ${release}`, async (t) => {
    const path = build(release);
    if (path === undefined) return t.skip(`no Go ${release} here`);
    await withProgram(path, (program) => {
      const main = mainOf(program);
      const told = execFileSync(path, ['callers'], options).trim().split('\n');
      const rows = told.map((line) => {
        const [, offset, isInlined, place = ''] = /^(-?\d+) (\w+) (.*)$/.exec(line) ?? [];
        return { address: main + Number(offset), isInlined: isInlined === 'true', place };
      });
      const teller = rows.findIndex(({ place }) => place.includes('main.inlinedTeller'));
      assert.equal(rows[teller]?.isInlined, true);
      const got = program.find(rows[teller]?.address ?? 0);
      assert.deepEqual(
        got.map(shown),
        rows.slice(teller, teller + 2).map(({ place }) => place),
      );
    });
  });
}

test('functions and lines are those of go tool addr2line, names those of go tool nm', async (t) => {
  const path = build(LOCAL);
  if (path === undefined) return t.skip('no Go here');
  await withProgram(path, (program) => {
    const addresses = addressesOf(program);
    const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
    const lines = execFileSync('go', ['tool', 'addr2line', path], { ...options, input }).split(
      '\n',
    );
    const wrong = addresses.flatMap((address, row) => {
      const places = program.find(address);
      const got = `${places.at(-1)?.name} ${places[0]?.file}:${places[0]?.line}`;
      // It writes an unknown line as one below 0.
      const told = `${lines[row * 2]} ${lines[row * 2 + 1]?.replace(/:-\d+$/, ':0')}`;
      return got === told ? [] : [`${address.toString(16)}: ${told}, got ${got}`];
    });
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${addresses.length}`);

    const symbols = execFileSync('go', ['tool', 'nm', path], options);
    const listed = [...symbols.matchAll(/^ *([0-9a-f]+) [Tt] (.*)$/gm)];
    const names = new Map<number, Set<string>>();
    for (const [, address = '', name = ''] of listed) {
      const at = Number.parseInt(address, 16);
      const plain = name.replace(/\.abi(0|internal)$/, '');
      names.set(at, (names.get(at) ?? new Set()).add(plain));
    }
    const strange: string[] = [];
    for (let row = 0; row < program.functions.length; row++) {
      const found = program.functions.at(row);
      const name = program.functions.name(found?.name ?? 0);
      const known = names.get(program.textStart + (found?.start ?? 0));
      if (!known?.has(name.replace('·', '.')))
        strange.push(`${name}, nm has ${[...(known ?? [])]}`);
    }
    assert.deepEqual(strange.slice(0, 5), [], `${strange.length} of ${program.functions.length}`);
  });
});

test('no damage to its table makes a program throw when it is read', (t) => {
  const path = build(LOCAL, '-ldflags=-s -w');
  if (path === undefined) return t.skip('no Go here');
  const whole = new Uint8Array(readFileSync(path));
  const read =
    (bytes: Uint8Array): ReadAt =>
    (offset, length) =>
      bytes.subarray(offset, offset + length);
  const section = findSection(readElf(read(whole)).value as ElfFile, '.gopclntab');
  const { offset: from = 0, size = 0 } = section ?? {};
  const place = fc.oneof(fc.nat(79), fc.nat(size - 1)).map((at) => from + at);
  const changes = fc.array(fc.tuple(place, fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), {
    maxLength: 16,
  });
  const length = fc.oneof(fc.constant(whole.length), fc.integer({ min: from, max: from + size }));
  fc.assert(
    fc.property(changes, length, fc.array(fc.nat(size), { maxLength: 20 }), (all, cut, offsets) => {
      const bytes = whole.slice(0, cut);
      for (const [at, value] of all) if (at < cut) bytes[at] = value;
      const elf = readElf(read(bytes)).value;
      const program = elf && openGoProgram(elf);
      for (const at of offsets) program?.find(program.textStart + at);
    }),
    { numRuns: 200 },
  );
});
