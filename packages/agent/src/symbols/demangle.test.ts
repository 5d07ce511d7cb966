import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isRust, loadDemangler } from './demangle.ts';

/** Mangled, written out, and whether it is Rust. */
const CASES: readonly (readonly [string, string, boolean])[] = [
  ['_ZN4shop5totalEi', 'shop::total(int)', false],
  [
    '_ZNSt6vectorIiSaIiEE9push_backERKi',
    'std::vector<int, std::allocator<int> >::push_back(int const&)',
    false,
  ],
  ['_ZN4core3fmt5write17h0123456789abcdefE', 'core::fmt::write', true],
  ['_RNvCs15kBYyAo9fc_7mycrate7example', 'mycrate::example', true],
  ['main', 'main', false],
  ['_start', '_start', false],
  ['_Z', '_Z', false],
  ['', '', false],
];

for (const [mangled, written, rust] of CASES) {
  test(`${mangled || 'nothing'} is ${written || 'nothing'}`, async () => {
    const demangle = await loadDemangler();
    assert.equal(demangle(mangled), written);
    assert.equal(isRust(mangled), rust);
  });
}

test('any text is written out as something', async () => {
  const demangle = await loadDemangler();
  const tail = fc.string({
    unit: fc.constantFrom(...'NSTIERKvicst0123456789_QLAZ'),
    maxLength: 80,
  });
  fc.assert(
    fc.property(fc.constantFrom('_ZN', '_Z', '_R', '__Z', ''), tail, (head, rest) => {
      assert.equal(typeof demangle(head + rest), 'string');
    }),
    { numRuns: 2_000 },
  );
  assert.equal(demangle('_ZN4shop5totalEi'), 'shop::total(int)');
});
