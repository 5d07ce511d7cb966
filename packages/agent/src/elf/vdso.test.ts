import assert from 'node:assert/strict';
import test from 'node:test';
import { openFileSymbols } from '../symbols/file-symbols.ts';
import { readSymbolTable } from './symbol-table.ts';
import { openVdso } from './vdso.ts';

test("the kernel's own library names its functions", async (t) => {
  using vdso = openVdso();
  if (!vdso) return t.skip('no vDSO here');
  const table = await readSymbolTable(vdso.elf, '.dynsym');
  const symbols = await openFileSymbols({ path: '[vdso]', openPath: '', buildId: '' });
  const names = new Set<string | undefined>();
  for (let address = 0; address < vdso.sizeBytes; address += 16) {
    assert.equal(symbols?.find(address)[0]?.name, table?.find(address));
    names.add(table?.find(address));
  }
  const expected = vdso.elf.machine === 'arm64' ? /^__kernel_clock_gettime$/ : /clock_gettime$/;
  assert.ok(
    [...names].some((name) => expected.test(name ?? '')),
    [...names].join(),
  );
});
