import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStackDrain } from './ebpf-drain.ts';
import { attachCpu, loadSampleObject } from './ebpf-object.ts';
import { createExecutableTable } from './executable-table.ts';
import { createImageTable } from './image-table.ts';
import { openLiveSet } from './live-set.ts';
import { onlineCpus } from './online-cpus.ts';
import { createPythons } from './pythons.ts';
import { cannotSample, compileProgram, LIFE } from './testing.ts';
import { createWindowBuilder } from './window-builder.ts';

const skip = cannotSample('rights', 'kernel', 'btf', 'libbpf', 'lockdown');
const span = { startMs: 0, durationNs: 0, rateHz: 0, lost: 0 };

test('every sample is in a window or counted as lost, however full the maps are', {
  skip,
}, async () => {
  using program = compileProgram('split');
  const children = [
    spawn(program.path, LIFE),
    spawn(program.path, LIFE),
    spawn(program.path, LIFE),
  ];
  const request = { rateHz: 499, windowMs: 1_000, pids: children.map(({ pid }) => pid ?? 0) };
  // Room for one stack of the many that three processes have.
  using object = await loadSampleObject(request, { stacks: 1, images: 16 });
  const executables = createExecutableTable();
  const pythons = createPythons(object.map('pythons'));
  const images = createImageTable({ maxImages: 16, executables });
  const drain = createStackDrain(object, { images, executables, pythons });
  const cpus = openLiveSet({ list: onlineCpus, open: (cpu) => attachCpu(object, 499, cpu) });
  const builder = createWindowBuilder();
  for (let i = 0; i < 3; i++) {
    await sleep(150);
    await drain.drainInto(builder);
  }
  cpus[Symbol.dispose]();
  await drain.drainInto(builder);
  for (const child of children) child.kill('SIGKILL');
  const kept = builder.finish(span).stacks.count.reduce((sum, count) => sum + count, 0);
  const { samples, lost } = drain.stats();
  assert.ok(kept > 0 && lost > 0, `kept ${kept}, lost ${lost}`);
  assert.equal(kept + lost, samples);
});
