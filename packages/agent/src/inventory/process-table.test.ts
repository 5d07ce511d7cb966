import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findings } from '../sampler/findings.ts';
import { openProcessEvents, type ProcessEvent } from './process-events.ts';
import { createProcessTable, type ProcessTableOptions } from './process-table.ts';
import { allPids, lookAtProcess, type RunningProcess } from './running-process.ts';

const process_ = (pid: number, exe: string, startTicks = pid): RunningProcess => ({
  ...{ pid, exe, startTicks, parentPid: 1, comm: exe, containerId: '', unit: '' },
  language: { language: 'c/c++', evidence: '' },
});

/** A table of a machine that a test writes. */
function tableOf(options: Partial<ProcessTableOptions> = {}) {
  const running = new Map<number, string>();
  const events: ProcessEvent[] = [];
  const machine = { nowMs: 0, looks: 0, lost: 0, dropped: 0 };
  const table = createProcessTable({
    events: { drain: (onEvent) => events.splice(0).forEach(onEvent) },
    look(pid) {
      machine.looks++;
      const exe = running.get(pid);
      return exe === undefined ? undefined : process_(pid, exe);
    },
    pids: () => [...running.keys()],
    limit: 4,
    nowMs: () => machine.nowMs,
    onLost: (count) => {
      machine.lost += count;
    },
    onDropped: () => {
      machine.dropped++;
    },
    ...options,
  });
  const names = (): string =>
    table
      .all()
      .map(({ exe }) => exe)
      .join(' ');
  return { table, running, events, machine, names };
}

test('a process is known once it has settled, and forgotten when it ends', async () => {
  const { table, running, events, machine, names } = tableOf();
  running.set(1, 'init');
  assert.deepEqual([await table.turn(), names()], [true, 'init']);
  running.set(2, 'web');
  events.push({ kind: 'began', pid: 2 });
  assert.deepEqual([await table.turn(), names()], [false, 'init']);
  machine.nowMs = 2_000;
  assert.deepEqual([await table.turn(), names()], [true, 'init web']);
  events.push({ kind: 'ended', pid: 1 });
  assert.deepEqual([await table.turn(), names()], [true, 'web']);
  assert.equal(await table.turn(), false);
});

test('what ends at once is never looked at, and an exec is another program', async () => {
  const { table, running, events, machine, names } = tableOf();
  running.set(1, 'sh');
  await table.turn();
  const { looks } = machine;
  events.push({ kind: 'began', pid: 9 }, { kind: 'ended', pid: 9 });
  events.push({ kind: 'began', pid: 1 });
  running.set(1, 'java');
  machine.nowMs = 5_000;
  await table.turn();
  machine.nowMs = 10_000;
  assert.deepEqual([await table.turn(), names(), machine.looks], [true, 'java', looks + 1]);
});

test('lost records have all looked at again; more than there is room for is counted', async () => {
  const { table, running, events, machine, names } = tableOf();
  for (let pid = 1; pid <= 6; pid++) running.set(pid, `p${pid}`);
  await table.turn();
  assert.deepEqual([names(), machine.dropped], ['p1 p2 p3 p4', 2]);
  for (let pid = 1; pid <= 4; pid++) running.delete(pid);
  events.push({ kind: 'lost', count: 7 });
  assert.deepEqual([await table.turn(), names(), machine.lost], [true, 'p5 p6', 7]);
});

test('without events all are looked at once a minute', async () => {
  const { table, running, machine, names } = tableOf({ events: undefined });
  await table.turn();
  running.set(2, 'web');
  machine.nowMs = 59_000;
  assert.deepEqual([await table.turn(), names()], [false, '']);
  machine.nowMs = 60_000;
  assert.deepEqual([await table.turn(), names()], [true, 'web']);
});

const skip = findings().some(({ name, ok }) => name === 'rights' && !ok) && 'needs root';

test('the kernel tells of a program that begins, becomes another and ends', { skip }, async () => {
  let nowMs = 0;
  using events = openProcessEvents();
  const table = createProcessTable({
    ...{ events, look: lookAtProcess, pids: allPids, limit: 10_000, nowMs: () => nowMs },
    ...{ onLost: () => {}, onDropped: () => {} },
  });
  await table.turn();
  const child = spawn('/bin/sh', ['-c', 'exec sleep 60']);
  await once(child, 'spawn');
  const exe = (): string => table.all().find(({ pid }) => pid === child.pid)?.exe ?? '';
  while (!/sleep|busybox/.test(exe())) {
    nowMs += 2_000;
    await table.turn();
    await sleep(5);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  while (exe() !== '') {
    await table.turn();
    await sleep(5);
  }
});
