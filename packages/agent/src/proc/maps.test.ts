import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CODE_MAPPINGS, parseMaps } from './maps.ts';

const draw = (text: string): readonly string[] =>
  parseMaps(text).value.map(
    ({ start, end, offset, device, inode, path, isDeleted }) =>
      `${start.toString(16)}-${end.toString(16)} +${offset.toString(16)} ${device} ${inode} ${path}${isDeleted ? ' gone' : ''}`,
  );

test('parseMaps() keeps what may be executed', () => {
  const text = `55d0c0000000-55d0c0001000 r--p 00000000 fe:01 4711                       /usr/bin/my app
55d0c0001000-55d0c0002000 r-xp 00001000 fe:01 4711                       /usr/bin/my app
55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000001000 r-xp 00002000 00:2f 99                         /lib/old.so (deleted)
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;
  assert.deepEqual(draw(text), [
    '55d0c0001000-55d0c0002000 +1000 fe:01 4711 /usr/bin/my app',
    '7f0000000000-7f0000001000 +2000 00:2f 99 /lib/old.so gone',
    '7ffd00000000-7ffd00002000 +0 00:00 0 [vdso]',
  ]);
  assert.deepEqual(parseMaps(text).problems, []);
});

test('parseMaps() joins neighbours that a just-in-time compiler mapped', () => {
  assert.deepEqual(
    draw(`7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000001000-7f0000003000 r-xp 00000000 00:00 0
7f0000004000-7f0000005000 r-xp 00000000 00:00 0`),
    ['7f0000000000-7f0000003000 +0 00:00 0 ', '7f0000004000-7f0000005000 +0 00:00 0 '],
  );
});

test('parseMaps() takes what is reserved behind generated code for room that it grows into', () => {
  assert.deepEqual(
    draw(`7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000001000-7f0000400000 ---p 00000000 00:00 0
7f0000400000-7f0000500000 rwxp 00000000 00:00 0
7f0000500000-7f0000600000 rw-p 00000000 00:00 0
7f0000600000-7f0000700000 ---p 00000000 00:00 0
7f1000000000-7f1000001000 rwxp 00000000 00:00 0
7f1000001000-7f1200000000 ---p 00000000 00:00 0
7f2000000000-7f2000001000 r-xp 00001000 fe:01 1                          /lib/a.so
7f2000001000-7f2000201000 ---p 00000000 00:00 0`),
    [
      '7f0000000000-7f0000500000 +0 00:00 0 ',
      '7f1000000000-7f1010001000 +0 00:00 0 ',
      '7f2000000000-7f2000001000 +1000 fe:01 1 /lib/a.so',
    ],
  );
});

test('parseMaps() says which lines it did not understand', () => {
  const { value, problems } = parseMaps(`nonsense
2000-1000 r-xp 00000000 00:00 0
3000-4000 r-xp 00000000 00:00 0
1000-2000 r-xp 00000000 00:00 0`);
  assert.equal(value.length, 1);
  assert.equal(problems.length, 3);
});

test('parseMaps() keeps a bounded number of mappings', () => {
  const line = (i: number): string =>
    `${(i * 8192).toString(16)}-${(i * 8192 + 4096).toString(16)} r-xp 00000000 fe:01 1 /a`;
  const text = Array.from({ length: MAX_CODE_MAPPINGS + 10 }, (_, i) => line(i + 1)).join('\n');
  const { value, problems } = parseMaps(text);
  assert.equal(value.length, MAX_CODE_MAPPINGS);
  assert.deepEqual(problems, [`kept ${MAX_CODE_MAPPINGS} mappings, dropped 10`]);
});

test('parseMaps() never throws and gives mappings in order', () => {
  const line = fc
    .tuple(fc.nat(), fc.nat(), fc.constantFrom('r-xp', 'rw-p', '?'), fc.string())
    .map(
      ([start, end, rights, path]) =>
        `${start.toString(16)}-${end.toString(16)} ${rights} 0 0:0 0 ${path}`,
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      const { value } = parseMaps(lines.join('\n'));
      value.forEach(({ start, end }, i) => {
        assert.ok(start < end && start >= (value[i - 1]?.end ?? 0));
      });
    }),
  );
});
