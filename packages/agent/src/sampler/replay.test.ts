import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRecording, parseRecording } from './recording.ts';
import { createReplayDriver } from './replay.ts';
import { testSamplerConformance } from './sampler-conformance.ts';

const process_ = (pid: number, comm: string) => ({
  pid,
  startTicks: 100,
  comm,
  exe: `/usr/bin/${comm}`,
  containerId: '',
  unit: '',
});

const window = (startMs: number) => ({
  startMs,
  durationNs: 1e9,
  rateHz: 99,
  lost: 1,
  processes: [process_(42, 'nginx'), process_(43, 'redis')],
  executables: [{ path: '/usr/bin/nginx', openPath: '/proc/42/root/usr/bin/nginx', buildId: 'ab' }],
  interpreted: [{ text: 'f', kind: 'cpython', file: '/app.py', line: 3 }],
  stacks: [
    { process: 0, count: 3, end: 'complete', frames: ['kernel:0xffff81000000', 'file:0:0x1139'] },
    { process: 1, count: 2, end: 'no_user', frames: [] },
    {
      process: 1,
      count: 1,
      end: 'bad_frame',
      frames: ['interpreted:0x0', 'anonymous:0x7f0000000000'],
    },
  ],
});

const text = JSON.stringify({ windows: [window(1_000), window(2_000)] });
const { value: windows, problems } = parseRecording(text);

testSamplerConformance({ driver: createReplayDriver(windows), pid: () => 42, skip: false });

test('parseRecording() gives the windows that formatRecording() wrote', () => {
  assert.deepEqual(problems, []);
  assert.deepEqual(parseRecording(formatRecording(windows)).value, windows);
  assert.deepEqual(JSON.parse(formatRecording(windows)), JSON.parse(text));
});

test('parseRecording() leaves out a window whose rows are not there', () => {
  const wrong = { ...window(0), processes: [process_(42, 'nginx')] };
  const result = parseRecording(JSON.stringify({ windows: [wrong, window(1_000)] }));
  assert.equal(result.value.length, 1);
  assert.deepEqual(result.problems, ['window 0: expected rows of its tables']);
  const nameless = JSON.stringify({ windows: [{ ...window(0), interpreted: [] }] });
  assert.deepEqual(parseRecording(nameless).value, []);
});

test('parseRecording() says what is wrong and never throws', () => {
  assert.equal(parseRecording('{').problems.length, 1);
  assert.equal(parseRecording('[]').problems.length, 1);
  assert.match(parseRecording('{"windows":[{}]}').problems[0] ?? '', /window 0/);
  fc.assert(fc.property(fc.json(), (json) => parseRecording(json).value.length === 0));
});
