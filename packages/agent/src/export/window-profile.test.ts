import assert from 'node:assert/strict';
import test from 'node:test';
import { checkProfile, formatLabels, type Profile, QUALITY_COUNTS } from '@kube-eagle/profile';
import { type RecordedWindow, windowOf } from '../sampler/recording.ts';
import type { SampleWindow, StackEnd } from '../sampler/sampler.ts';
import type { NamedFrames } from '../symbols/symbolizer.ts';
import { unnamedFrames } from './unnamed-frames.ts';
import { windowProfile } from './window-profile.ts';

const CONTAINER = 'ab'.repeat(32);
const origin = { node: 'n1', profiler: 'ebpf', taskId: '' };
const nobody = { pid: 1, startTicks: 1, comm: '', exe: '', containerId: '', unit: '' };

function recorded(change: Partial<RecordedWindow>): SampleWindow {
  return windowOf({
    startMs: 1_000,
    durationNs: 1e10,
    rateHz: 20,
    lost: 0,
    processes: [{ ...nobody, exe: '/usr/bin/app', comm: 'app' }],
    executables: [{ path: '/usr/bin/app', openPath: '/x', buildId: 'beef' }],
    stacks: [],
    ...change,
  });
}

/** Functions, the innermost first, at addresses that are not named by themselves. */
const NAMES: Readonly<Record<number, readonly string[]>> = {
  16: ['inner', 'outer'],
  102: [''],
  119: ['[jit: node 20, no perf map]'],
};

/** Names each frame by its address but where {@link NAMES} has others. */
function namesOf(window: SampleWindow): NamedFrames {
  const rows = Array.from(
    window.frames.address,
    (address) => NAMES[address] ?? [`f${address.toString(16)}`],
  );
  const flat = rows.flat();
  const first = [0];
  for (const names of rows) first.push((first.at(-1) ?? 0) + names.length);
  return {
    first: Int32Array.from(first),
    name: Int32Array.from(flat, (text, at) => (text === '' ? -1 : at + 1)),
    file: new Int32Array(flat.length),
    line: new Int32Array(flat.length),
    kind: new Uint8Array(flat.length).fill(1),
    inlined: Uint8Array.from(flat, (text) => (text === 'inner' ? 1 : 0)),
    isReason: Uint8Array.from(flat, (text) => (text.startsWith('[') ? 1 : 0)),
    strings: ['', ...flat],
  };
}

function frameText(profile: Profile, frame: number): string {
  const name = profile.functions.name[profile.frames.function[frame] ?? -1];
  if (name !== undefined) return profile.strings[name] ?? '';
  const file = profile.mappings.file[profile.frames.mapping[frame] ?? -1] ?? 0;
  return `${profile.strings[file]}+0x${(profile.frames.address[frame] ?? 0).toString(16)}`;
}

function stackText(profile: Profile, stack: number): string {
  const names: string[] = [];
  for (let row = stack; row >= 0; row = profile.stacks.parent[row] ?? -1) {
    names.unshift(frameText(profile, profile.stacks.frame[row] ?? -1));
  }
  return names.join(';');
}

/** Each series with its samples in ms, and its quality in the order of `QUALITY_COUNTS`. */
function draw(profile: Profile): string[] {
  assert.deepEqual(checkProfile(profile), []);
  const { samples, quality } = profile;
  return profile.series.labels.flatMap((labels, series) => [
    formatLabels(labels.filter(({ name }) => name !== 'node' && name !== 'profiler')),
    ...Array.from(samples.series.keys(), (row) => row)
      .filter((row) => samples.series[row] === series)
      .map(
        (row) =>
          `  ${stackText(profile, samples.stack[row] ?? -1)} ${(samples.value[row] ?? 0) / 1e6}`,
      ),
    ...Array.from(quality.series.keys(), (row) => row)
      .filter((row) => quality.series[row] === series)
      .map((row) => QUALITY_COUNTS.map((name) => quality[name][row]).join(' ')),
  ]);
}

test('a sample stands for its period, and its stack grows from the root, inlined functions last', () => {
  const window = recorded({
    stacks: [
      { process: 0, count: 3, end: 'complete', frames: ['file:0:0x10', 'file:0:0x20'] },
      { process: 0, count: 1, end: 'complete', frames: ['kernel:0x5', 'file:0:0x20'] },
    ],
  });
  assert.deepEqual(draw(windowProfile(window, namesOf(window), origin)), [
    '{process="app", service_name="app"}',
    '  f20;outer;inner 150',
    '  f20;f5 50',
    '4 0 0 0 0',
  ]);
});

test('processes of one label set are one series, and equal stacks of theirs one sample', () => {
  const app = { ...nobody, exe: '/usr/bin/app', unit: 'shop.service' };
  const window = recorded({
    processes: [app, { ...app, pid: 2 }],
    stacks: [0, 1].map((process) => ({
      process,
      count: 2,
      end: 'complete' as const,
      frames: ['file:0:0x20'],
    })),
  });
  assert.deepEqual(draw(windowProfile(window, namesOf(window), origin)), [
    '{process="app", service_name="shop", unit="shop.service"}',
    '  f20 200',
    '4 0 0 0 0',
  ]);
});

test('a container names the service; threads of the kernel are one process; a task marks its series', () => {
  const window = recorded({
    processes: [
      { ...nobody, exe: '/app', containerId: CONTAINER },
      { ...nobody, comm: 'kworker/0:1' },
      { ...nobody, comm: 'ksoftirqd/0' },
      { ...nobody, comm: 'gone' },
    ],
    stacks: [
      { process: 0, count: 1, end: 'complete', frames: ['file:0:0x1'] },
      { process: 1, count: 1, end: 'no_user', frames: ['kernel:0x2'] },
      { process: 2, count: 1, end: 'no_user', frames: ['kernel:0x2'] },
      { process: 3, count: 1, end: 'no_process', frames: ['kernel:0x2'] },
    ],
  });
  const task = { ...origin, taskId: 't1' };
  assert.deepEqual(
    draw(windowProfile(window, namesOf(window), task)).filter((line) => line.startsWith('{')),
    [
      `{container_id="${CONTAINER}", process="app", service_name="abababababab", task_id="t1"}`,
      '{process="kernel", service_name="kernel", task_id="t1"}',
      '{process="gone", service_name="gone", task_id="t1"}',
    ],
  );
});

test('lost samples are shared out whole; cut, unnamed and guessed stacks are counted', () => {
  const window = recorded({
    lost: 10,
    processes: ['a', 'b', 'c'].map((exe, pid) => ({ ...nobody, pid, exe })),
    stacks: [
      { process: 0, count: 1, end: 'too_deep', frames: ['file:0:0x66'] },
      { process: 1, count: 1, end: 'guessed', frames: ['file:0:0x1'] },
      { process: 2, count: 1, end: 'no_user', frames: ['kernel:0x1'] },
    ],
  });
  const lines = draw(windowProfile(window, namesOf(window), origin));
  assert.deepEqual(
    lines.filter((line) => /^\d/.test(line)),
    ['1 4 1 1 0', '1 3 0 0 1', '1 3 0 0 0'],
  );
  assert.ok(lines.includes('  [truncated: too deep];/usr/bin/app+0x66 50'));
});

test('a frame that says why it has no name counts as one without', () => {
  const window = recorded({
    stacks: [
      { process: 0, count: 2, end: 'complete', frames: ['anonymous:0x77', 'file:0:0x1'] },
      { process: 0, count: 1, end: 'complete', frames: ['anonymous:0x78', 'file:0:0x1'] },
    ],
  });
  assert.deepEqual(draw(windowProfile(window, namesOf(window), origin)).slice(1), [
    '  f1;[jit: node 20, no perf map] 100',
    '  f1;f78 50',
    '3 0 0 2 0',
  ]);
});

test('a cut stack hangs below a frame that says why, and in which file', () => {
  const cut = (end: StackEnd, ...frames: readonly string[]) => ({
    process: 0,
    count: 1,
    end,
    frames: [...frames],
  });
  const window = recorded({
    stacks: [
      cut('bad_guess', 'kernel:0x1', 'file:0:0x20'),
      cut('bad_guess', 'file:0:0x20', 'anonymous:0x30'),
      cut('unreadable', 'file:0:0x20'),
      cut('no_mapping', 'file:0:0x20'),
      cut('bad_frame', 'file:0:0x20'),
      cut('no_process', 'kernel:0x1'),
    ],
  });
  assert.deepEqual(draw(windowProfile(window, namesOf(window), origin)).slice(1), [
    '  [truncated: no unwind table in app];f20;f1 50',
    '  [truncated: no frame pointer in generated code];f30;f20 50',
    '  [truncated: unreadable stack in app];f20 50',
    '  [truncated: no code in app];f20 50',
    '  [truncated: broken frame in app];f20 50',
    '  [truncated: process gone];f1 50',
    '6 0 6 0 0',
  ]);
});

test('a window without names keeps files and addresses', () => {
  const window = recorded({
    stacks: [{ process: 0, count: 1, end: 'complete', frames: ['kernel:0x9', 'file:0:0x20'] }],
  });
  assert.deepEqual(draw(windowProfile(window, unnamedFrames(window), origin)).slice(1), [
    '  /usr/bin/app+0x20;[kernel]+0x9 50',
    '1 0 0 1 0',
  ]);
});
