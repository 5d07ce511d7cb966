import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCpuList } from './cpus.ts';

test('parseCpuList() reads single CPUs and ranges', () => {
  assert.deepEqual(parseCpuList('0-3,7\n').value, [0, 1, 2, 3, 7]);
  assert.deepEqual(parseCpuList('0\n').value, [0]);
  assert.deepEqual(parseCpuList('5,1-2,2').value, [1, 2, 5]);
  assert.deepEqual(parseCpuList('\n'), { value: [], problems: [] });
});

test('parseCpuList() stops at what is no CPU', () => {
  const { value, problems } = parseCpuList('0-1,x,3');
  assert.deepEqual(value, [0, 1]);
  assert.deepEqual(problems, ['expected a CPU or a range of them, got "x"']);
  for (const text of ['3-1', '-1', '0-99999', '1-', '0x1', '99999999999']) {
    assert.equal(parseCpuList(text).problems.length, 1, text);
  }
});

test('parseCpuList() never throws and gives each CPU once, in order', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { value } = parseCpuList(text);
      assert.ok(value.every((cpu, i) => cpu > (value[i - 1] ?? -1)));
    }),
  );
});
