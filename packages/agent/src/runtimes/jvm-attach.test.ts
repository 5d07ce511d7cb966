import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { runInJvm } from './jvm-attach.ts';

const PROGRAM = `public class Spin {
  static long busy(long n) { long sum = 0; for (long i = 0; i < n; i++) sum += i * i; return sum; }
  public static void main(String[] args) {
    System.out.println("ready");
    for (long sum = 0; ; sum += busy(1000000)) if (sum == 42) System.out.println(sum);
  }
}`;

const hasJava = spawnSync('java', ['-version']).status === 0;

test('runInJvm() asks a JVM for names of its compiled code', async (t) => {
  if (!hasJava) return t.skip('no java here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  writeFileSync(join(folder, 'Spin.java'), PROGRAM);
  const java = spawn('java', ['-Xmx64m', 'Spin.java'], { cwd: folder });
  const ended = new Promise((resolve) => java.once('exit', resolve));
  try {
    await new Promise((resolve) => java.stdout.once('data', resolve));
    const pid = java.pid ?? 0;
    const signal = AbortSignal.timeout(20_000);
    const outcome = await runInJvm({ pid }, ['jcmd', 'Compiler.perfmap'], signal);
    assert.deepEqual([outcome.kind, 'status' in outcome && outcome.status], ['answered', 0]);
    const map = `/tmp/perf-${pid}.map`;
    assert.match(readFileSync(map, 'latin1'), /Spin\.busy/);
    rmSync(map);
    const unknown = await runInJvm({ pid }, ['jcmd', 'No.such'], signal);
    assert.notEqual('status' in unknown && unknown.status, 0);
  } finally {
    java.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  }
});

test('runInJvm() leaves alone what would die of SIGQUIT', async () => {
  const sleeper = spawn('sleep', ['60']);
  try {
    const outcome = await runInJvm(
      { pid: sleeper.pid ?? 0 },
      ['jcmd', 'help'],
      AbortSignal.timeout(5_000),
    );
    assert.equal(outcome.kind, 'refused');
    assert.equal(sleeper.exitCode, null);
  } finally {
    sleeper.kill();
  }
});

test('runInJvm() says that a process has ended', async () => {
  const outcome = await runInJvm({ pid: 2 ** 22 + 1 }, ['jcmd'], AbortSignal.timeout(1_000));
  assert.deepEqual(outcome, { kind: 'refused', reason: 'the process has ended' });
});
