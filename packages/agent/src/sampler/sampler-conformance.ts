import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS_SPACES, type SampleRequest, type SamplerDriver, STACK_ENDS } from './sampler.ts';
import { sampleWhile } from './testing.ts';

/** A driver under test, and a process that it will see running. */
export interface ConformanceCase {
  readonly driver: SamplerDriver;
  readonly pid: () => number;
  /** Why it cannot be tested here. */
  readonly skip: string | false;
}

const RUN_MS = 500;

/** What every sampler promises, whatever it reads. */
export function testSamplerConformance({ driver, pid, skip }: ConformanceCase): void {
  const { name } = driver;
  const request = (pids: readonly number[]): SampleRequest => ({
    rateHz: 99,
    windowMs: 200,
    pids,
  });
  const windowsOf = async (pids: readonly number[]) => {
    await using sampler = await driver.open(request(pids));
    return await sampleWhile(sampler, () => sleep(RUN_MS));
  };

  test(`${name} gives windows that follow each other without a gap`, { skip }, async () => {
    const windows = await windowsOf([]);
    assert.ok(windows.length >= 2, `${windows.length} windows`);
    windows.slice(1).forEach((window, i) => {
      const before = windows[i];
      assert.ok(before && window.startMs >= before.startMs + before.durationNs / 1e6 - 1);
    });
  });

  test(`${name} gives windows whose rows refer to rows that are there`, { skip }, async () => {
    for (const { stacks, frames, processes, executables } of await windowsOf([])) {
      assert.equal(stacks.process.length, stacks.length);
      assert.equal(stacks.count.length, stacks.length);
      assert.equal(stacks.firstFrame.length, stacks.length + 1);
      assert.equal(stacks.firstFrame[stacks.length], frames.length);
      assert.equal(frames.address.length, frames.length);
      assert.ok(stacks.process.every((row) => row >= 0 && row < processes.length));
      assert.ok(stacks.count.every((count) => count > 0));
      assert.ok(stacks.end.every((end) => end < STACK_ENDS.length));
      assert.ok(stacks.firstFrame.every((row, i) => row >= (stacks.firstFrame[i - 1] ?? 0)));
      assert.ok(frames.space.every((space) => space < ADDRESS_SPACES.length));
      assert.ok(frames.address.every((address) => Number.isSafeInteger(address) && address >= 0));
      frames.executable.forEach((row, i) => {
        const isInFile = ADDRESS_SPACES[frames.space[i] ?? 0] === 'file';
        assert.equal(isInFile, row >= 0 && row < executables.length);
      });
    }
  });

  test(`${name} samples the chosen processes and no other`, { skip }, async () => {
    const windows = await windowsOf([pid()]);
    const pids = windows.flatMap(({ stacks, processes }) =>
      Array.from(stacks.process, (row) => processes[row]?.pid),
    );
    assert.deepEqual([...new Set(pids)], [pid()]);
  });

  test(`${name} ends at once when the signal has aborted before`, { skip }, async () => {
    await using sampler = await driver.open(request([]));
    const windows = await Array.fromAsync(sampler.windows(AbortSignal.abort()));
    assert.ok(windows.length <= 1, `${windows.length} windows`);
  });

  test(`${name} can be disposed without having been read`, { skip }, async () => {
    const sampler = await driver.open(request([]));
    await sampler[Symbol.asyncDispose]();
  });
}
