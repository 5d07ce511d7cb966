import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStat } from './stat.ts';

const fields = 'S 1 42 42 0 -1 4194560 100 0 0 0 5 3 0 0 20 0 1 0 987654 1000000 500 0';

test('parseStat() reads pid, name, parent and start', () => {
  assert.deepEqual(parseStat(`42 (nginx) ${fields}`), {
    pid: 42,
    comm: 'nginx',
    parentPid: 1,
    startTicks: 987_654,
  });
});

test('parseStat() reads a name that looks like the fields behind it', () => {
  assert.equal(parseStat(`42 (a) S 9 (b c) ${fields}`)?.comm, 'a) S 9 (b c');
  assert.equal(parseStat(`42 (a) S 9 (b c) ${fields}`)?.parentPid, 1);
});

test('parseStat() gives nothing for a line that is cut', () => {
  assert.equal(parseStat('42 (nginx) S 1 42'), undefined);
  assert.equal(parseStat(''), undefined);
  assert.equal(parseStat('42 nginx'), undefined);
});

test('parseStat() never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => parseStat(text) === undefined || text.length > 4));
});
