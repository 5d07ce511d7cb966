import assert from 'node:assert/strict';
import test from 'node:test';
import { EVENTS } from '@kube-eagle/api';
import { checkProfile, profileTypeId } from '@kube-eagle/profile';
import { verdictOf } from './choose-profiler.ts';
import type { ProfiledProcess } from './profiled-process.ts';
import type { ProcessProfiler } from './profiler.ts';
import { askFor, foldedOf, type Running } from './testing.ts';

/** A profiler under test. */
export interface ConformanceCase {
  readonly profiler: ProcessProfiler;
  /** Starts a program that the profiler is for and that computes. */
  readonly start: () => Promise<Running>;
  /** The function it computes in. */
  readonly expected: RegExp;
  /** Why it cannot be tested here. */
  readonly skip: string | false;
}

/** What every profiler of one process promises. */
export function testProfilerConformance({
  profiler,
  start,
  expected,
  skip,
}: ConformanceCase): void {
  const { name } = profiler;

  test(`${name} takes the time on CPU of a process, as one series with its quality`, {
    skip,
  }, async () => {
    await using running = await start();
    const verdict = await verdictOf(profiler, running.process, askFor());
    assert.equal(verdict.kind, 'able', JSON.stringify(verdict));
    const collected = await profiler.collect(
      running.process,
      askFor(),
      new AbortController().signal,
    );
    assert.match(foldedOf(collected), expected);
    assert.ok(collected.kind === 'taken' && collected.samples > 0);
    const { profile, samples } = collected;
    checkProfile(profile);
    assert.deepEqual(profile.series.type.map(profileTypeId), [profileTypeId(EVENTS.cpu.type)]);
    assert.deepEqual([...profile.quality.taken], [samples]);
  });

  test(`${name} is not for a process of another language, or an event it does not know`, {
    skip,
  }, async () => {
    await using running = await start();
    const other: ProfiledProcess = { ...running.process, language: 'perl' };
    for (const [process, ask] of [
      [other, askFor()],
      [running.process, askFor({ event: name === 'go-pprof' ? 'wall' : 'block' })],
    ] as const) {
      const verdict = await verdictOf(profiler, process, ask);
      assert.ok(
        verdict.kind === 'unable' && verdict.reason === 'profiler_unfit',
        JSON.stringify(verdict),
      );
    }
  });

  test(`${name} tells of a process that is gone instead of throwing`, { skip }, async () => {
    const running = await start();
    await running[Symbol.asyncDispose]();
    const collected = await profiler.collect(
      running.process,
      askFor(),
      new AbortController().signal,
    );
    assert.equal(collected.kind, 'failed');
  });
}
