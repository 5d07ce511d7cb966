import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { createPerfEventDriver } from './perf-event.ts';
import { testSamplerConformance } from './sampler-conformance.ts';
import {
  cannotSample,
  compileProgram,
  drawStacks,
  type GoldenProgram,
  LIFE,
  sampleUntil,
  shareOf,
} from './testing.ts';

const skip = cannotSample('perf_event');
const driver = createPerfEventDriver({ nowMs: Date.now, uid: 0 });

let split: GoldenProgram;
let busy: ReturnType<typeof spawn>;
before(() => {
  split = compileProgram('split');
  busy = spawn(split.path, LIFE);
});
after(() => {
  busy.kill('SIGKILL');
  split[Symbol.dispose]();
});

testSamplerConformance({ driver, pid: () => busy.pid ?? 0, skip });

test('perf_event gives two functions their seven and three tenths', { skip }, async () => {
  const request = { rateHz: 499, windowMs: 1_000, pids: [busy.pid ?? 0] };
  await using sampler = await driver.open(request);
  // Four points are four standard deviations of so many samples.
  const stacks = drawStacks(await sampleUntil(sampler, 2_000), split);
  assert.ok(Math.abs(shareOf(stacks, 'spend_seventy') - 0.7) < 0.04, JSON.stringify(stacks));
  assert.ok(Math.abs(shareOf(stacks, 'spend_thirty') - 0.3) < 0.04);
  const [hottest] = stacks.toSorted((a, b) => b.count - a.count);
  assert.deepEqual(hottest?.frames.slice(0, 3), ['spend_seventy', 'spend', 'main']);
});
