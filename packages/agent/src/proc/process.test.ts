import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { readProcess, readStat } from './process.ts';

test('readProcess() knows the process that asks', () => {
  const process_ = readProcess(process.pid);
  assert.equal(process_?.pid, process.pid);
  assert.equal(process_?.exe, readlinkSync('/proc/self/exe'));
  assert.ok((process_?.startTicks ?? 0) > 0);
  assert.equal(readStat(process.pid)?.startTicks, process_?.startTicks);
});

test('readProcess() gives nothing for a process that is not there', () => {
  assert.equal(readProcess(0x7fff_ffff), undefined);
  assert.equal(readStat(0x7fff_ffff), undefined);
});
