import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { lockDirectory } from './data-lock.ts';

const MODULE = new URL('./data-lock.ts', import.meta.url).href;
/** Locks a directory, says so, and stays. */
const HOLDER = `
  const { lockDirectory } = await import(process.argv[1]);
  lockDirectory(process.argv[2]);
  process.stdout.write('locked');
  setInterval(() => {}, 1000);`;

test('a data directory is one agent’s; a dead holder’s is free', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  const args = ['--input-type=module', '-e', HOLDER, '--', MODULE, directory];
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    assert.throws(() => lockDirectory(directory), {
      code: 'failed_precondition',
      message: new RegExp(`in use by the agent with pid ${holder.pid}: stop it`),
    });
    holder.kill('SIGKILL');
    await once(holder, 'close');
    using _lock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), new RegExp(`pid ${process.pid}:`));
  } finally {
    holder.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
});

test('a directory is free again when its lock is disposed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  try {
    for (let round = 0; round < 2; round++) {
      using _lock = lockDirectory(join(directory, 'data'));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('where no directory can be made there is nothing to lock', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  try {
    writeFileSync(join(directory, 'file'), '');
    using _lock = lockDirectory(join(directory, 'file'));
    using _other = lockDirectory(join(directory, 'file'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
