import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Inventory } from '@kube-eagle/api';
import type { Container } from '../containers/container-source.ts';
import { createSilentTelemetry } from '../telemetry.ts';
import { inventoryOf } from './inventory.ts';
import { createInventoryReporter } from './inventory-reporter.ts';
import type { RunningProcess } from './running-process.ts';

const WEB = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

const running = (
  pid: number,
  comm: string,
  change: Partial<RunningProcess> = {},
): RunningProcess => ({
  ...{ pid, comm, exe: `/bin/${comm}`, startTicks: pid, parentPid: 1, containerId: '', unit: '' },
  language: { language: 'go', evidence: '' },
  ...change,
});

const containers = {
  find(id: string): Container | undefined {
    if (id !== WEB) return undefined;
    const names = { id, name: 'web', image: 'nginx:1', pod: '', namespace: '' };
    return { ...names, runtime: 'docker', labels: new Map() };
  },
};

/** A snapshot as lines. */
function draw({ containers: all, processes, leftOut }: Inventory): string[] {
  return [
    ...all.map(({ id, runtime, name, language }) =>
      [id.slice(0, 4), runtime, name, language].join(' '),
    ),
    ...processes.map(({ name, containerId, unit, count, pid }) =>
      [`${count} ${name}`, containerId.slice(0, 4), unit, pid].join(' '),
    ),
    ...(leftOut > 0 ? [`and ${leftOut}`] : []),
  ];
}

test('what runs is told by container, unit and program', () => {
  const java = { language: 'java', evidence: '' } as const;
  const inventory = inventoryOf(
    [
      running(9, 'sshd', { unit: 'ssh.service' }),
      running(5, 'sshd', { unit: 'ssh.service' }),
      running(3, 'sh', { containerId: WEB }),
      running(4, 'java', { containerId: WEB, parentPid: 3, language: java }),
      running(7, 'app', { containerId: OTHER }),
    ],
    containers,
  );
  assert.deepEqual(draw(inventory), [
    'abab docker web java',
    'cdcd   go',
    '2 sshd  ssh.service 5',
    '1 java abab  4',
    '1 sh abab  3',
    '1 app cdcd  7',
  ]);
});

test('more than a report has room for is counted', () => {
  const many = Array.from({ length: 2_050 }, (_, pid) => running(pid + 1, `p${pid}`));
  assert.deepEqual(draw(inventoryOf(many, containers)).slice(2_000), ['and 50']);
});

test('nothing is told before it is asked for, and only what has changed after', async () => {
  let all = [running(1, 'a')];
  let hasChanged = true;
  let nowMs = 0;
  const problems: string[] = [];
  const sent: string[] = [];
  const telemetry = createSilentTelemetry();
  const reporter = createInventoryReporter({
    table: {
      all: () => all,
      turn: async () => {
        nowMs += 5_000;
        return hasChanged;
      },
    },
    containers,
    send: async ({ processes }) => {
      if (problems.length > 0) throw new Error(problems[0]);
      sent.push(processes.map(({ name }) => name).join(' '));
    },
    nowMs: () => nowMs,
    random: () => 0,
    telemetry,
  });
  const over = new AbortController();
  const done = reporter.run(over.signal);
  await sleep(20);
  assert.deepEqual(sent, []);
  reporter.wanted();
  while (sent.length < 1) await sleep(1);
  hasChanged = false;
  problems.push('down');
  all = [running(1, 'a'), running(2, 'b')];
  reporter.wanted();
  while (telemetry.counters().inventories_failed < 1) await sleep(1);
  problems.pop();
  while (sent.length < 2) await sleep(1);
  reporter.changed();
  await sleep(1_200);
  over.abort();
  await done;
  assert.deepEqual(sent, ['a', 'a b']);
});
