import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { processesIn } from './cgroup-processes.ts';

test('processesIn() gives the processes of a group and of those below, each once', () => {
  const group = mkdtempSync(join(tmpdir(), 'kube-eagle-cgroup-'));
  try {
    mkdirSync(join(group, 'inner/deep'), { recursive: true });
    writeFileSync(join(group, 'cgroup.procs'), '7\n8\n');
    writeFileSync(join(group, 'inner/cgroup.procs'), '');
    // A process of another pid namespace has no number here.
    writeFileSync(join(group, 'inner/deep/cgroup.procs'), '8\n9\n0\n');
    symlinkSync(group, join(group, 'inner/loop'));
    assert.deepEqual(
      [...processesIn(group)].sort((a, b) => a - b),
      [7, 8, 9],
    );
    assert.deepEqual(processesIn(join(group, 'gone')), []);
  } finally {
    rmSync(group, { recursive: true });
  }
});
