import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EagleError } from '@kube-eagle/profile';
import { openSampler } from './open-sampler.ts';
import { createReplayDriver } from './replay.ts';
import type { SamplerDriver } from './sampler.ts';

const request = { rateHz: 19, windowMs: 10_000, pids: [] };
const refusing = (name: 'ebpf' | 'perf_event', message: string): SamplerDriver => ({
  name,
  open: () => Promise.reject(new EagleError('failed_precondition', message)),
});

test('openSampler() takes the first driver that opens and says why those before it did not', async () => {
  const drivers = [
    refusing('ebpf', 'expected BTF, got none; boot another kernel'),
    createReplayDriver([]),
  ];
  const { driver, findings } = await openSampler(request, drivers);
  assert.equal(driver, 'replay');
  assert.deepEqual(
    findings.map(({ name, ok, detail, mend }) => `${name} ${ok}: ${detail} | ${mend}`),
    ['ebpf false: expected BTF, got none | boot another kernel', 'replay true: a recording | '],
  );
});

test('openSampler() gives every reason where no driver opens', async () => {
  const drivers = [
    refusing('ebpf', 'no BTF; do this'),
    refusing('perf_event', 'no rights; do that'),
  ];
  await assert.rejects(openSampler(request, drivers), {
    code: 'failed_precondition',
    message:
      'expected a way to sample this machine, got none. ebpf: no BTF; do this. perf_event: no rights; do that',
  });
});

test('openSampler() does not hide an error of another kind', async () => {
  const broken: SamplerDriver = { name: 'ebpf', open: () => Promise.reject(new TypeError('bug')) };
  await assert.rejects(openSampler(request, [broken, createReplayDriver([])]), TypeError);
});

test('openSampler() refuses a rate or window out of bounds', async () => {
  for (const wrong of [
    { rateHz: 0 },
    { rateHz: 1_001 },
    { rateHz: 1.5 },
    { windowMs: 10 },
    { windowMs: Number.NaN },
  ]) {
    await assert.rejects(openSampler({ ...request, ...wrong }, [createReplayDriver([])]), {
      code: 'invalid_argument',
    });
  }
});
