import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { parseKallsyms, readKernelSymbols } from './kallsyms.ts';

const TEXT = `ffffffff81000000 T _text
ffffffff81000040 t do_one
ffffffff81000040 T do_one_alias
ffffffff81000100 D some_data
ffffffff81000200 W weak_function
ffffffffc0200000 t nf_hook	[nf_tables]
ffffffffc0300000 t bpf_prog_6deef7357e7b4530_sample	[bpf]
ffffffff81000300 T out_of_order
`;

const find = async (text: string, addresses: readonly number[]) => {
  const symbols = await parseKallsyms(Buffer.from(text));
  return addresses.map((address) => symbols.find(address));
};

test('parseKallsyms() names addresses, given without their upper 16 bits', async () => {
  const addresses = [0xffff80ffffff, 0xffff81000000, 0xffff81000041, 0xffff810001ff];
  assert.deepEqual(await find(TEXT, addresses), [
    undefined,
    '_text',
    'do_one_alias',
    'do_one_alias',
  ]);
  assert.deepEqual(await find(TEXT, [0xffff81000210, 0xffff81000310]), [
    'weak_function',
    'out_of_order',
  ]);
});

test('parseKallsyms() says which module a function is of', async () => {
  assert.deepEqual(await find(TEXT, [0xffffc0200010, 0xffffc0300001]), [
    'nf_hook [nf_tables]',
    'bpf_prog_6deef7357e7b4530_sample [bpf]',
  ]);
});

test('parseKallsyms() takes a list that ends anywhere', async () => {
  for (let end = 0; end <= TEXT.length; end++) await find(TEXT.slice(0, end), [0xffff81000041]);
  assert.deepEqual(await find('ffffffff81000000 T', [0xffff81000000]), [undefined]);
});

test('parseKallsyms() has no names where addresses are hidden', async () => {
  const { length } = await parseKallsyms(
    Buffer.from(TEXT.replace(/^[0-9a-f]{16}/gm, '0'.repeat(16))),
  );
  assert.equal(length, 0);
});

test('readKernelSymbols() has no names where there is no such file', async () => {
  assert.equal((await readKernelSymbols('/proc/none')).length, 0);
});

test("readKernelSymbols() finds this kernel's functions", async (t) => {
  const lines = readFileSync('/proc/kallsyms', 'latin1').split('\n');
  const functions = lines.flatMap((line) => {
    const [, address = '', name = ''] = /^ffff([0-9a-f]{12}) [tT] (\S+)$/.exec(line) ?? [];
    return address === '' ? [] : [{ address: Number.parseInt(address, 16), name }];
  });
  if (functions.length === 0) return t.skip('kernel addresses are hidden here');
  const names = new Map<number, Set<string>>();
  for (const { address, name } of functions) {
    names.set(address, (names.get(address) ?? new Set()).add(name));
  }
  const symbols = await readKernelSymbols();
  for (const [address, expected] of [...names].filter((_, index) => index % 97 === 0)) {
    assert.ok(expected.has(symbols.find(address) ?? ''), `${[...expected]} at ${address}`);
  }
});

test('parseKallsyms() takes any bytes', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc
      .string({ unit: fc.constantFrom('f', '0', ' ', 't', '\n', '\t', '[', ']'), maxLength: 300 })
      .map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.maxSafeNat(), async (input, address) => {
      const found = (await parseKallsyms(input)).find(address);
      assert.ok(found === undefined || found.length <= input.length);
    }),
  );
});
