import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_ENVIRONMENT, AGENT_NODE_FLAGS } from '../packages/agent/src/node-flags.ts';
import { ROOT, start, temporaryFolder } from '../test/harness.ts';
import type { Bench, Figure } from './figure.ts';

/** Until the agent has read the symbols of what runs. */
const WARM_UP_MS = 25_000;
const MEASURED_MS = 30_000;
const TICKS_A_SECOND = 100;

/** A server that takes every batch and forgets it; tells when the first one came. */
async function openSink(): Promise<
  { readonly url: string; readonly first: Promise<number> } & AsyncDisposable
> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url?.startsWith('/v1development')) resolve(performance.now());
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    first: promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** One busy process a CPU, each with functions to tell apart. */
function startLoad(): Disposable {
  const program = `
    const rows = Array.from({ length: 2000 }, (_, i) => ({ id: i, name: 'n' + (i * 7919 % 2000) }));
    const byName = (a, b) => a.name < b.name ? -1 : 1;
    function work() { return JSON.parse(JSON.stringify(rows)).sort(byName).length; }
    for (;;) work();`;
  const children: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn('node', ['-e', program], { stdio: 'ignore' }),
  );
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** CPU seconds a process has used: fields 14 and 15 of /proc/PID/stat. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

async function* atRate(rateHz: number, budgetPercent: number): AsyncIterable<Figure> {
  using folder = temporaryFolder();
  await using sink = await openSink();
  const started = performance.now();
  const main = join(ROOT, 'packages/agent/src/main.ts');
  const flags = ['--server', sink.url, '--data', folder.path, '--rate', String(rateHz)];
  await using agent = start('node', [...AGENT_NODE_FLAGS, main, ...flags], {
    env: { ...process.env, ...AGENT_ENVIRONMENT },
  });
  const firstMs = (await Promise.race([sink.first, sleep(WARM_UP_MS)])) ?? Number.NaN;
  await sleep(Math.max(0, WARM_UP_MS - (performance.now() - started)));
  const before = cpuSeconds(agent.pid);
  await sleep(MEASURED_MS);
  const percent = (100 * (cpuSeconds(agent.pid) - before)) / (MEASURED_MS / 1_000);
  const megabytes = residentMegabytes(agent.pid);
  const firstSeconds = (firstMs - started) / 1_000;
  yield {
    name: `agent process on busy CPUs, ${rateHz} Hz, of one core`,
    value: percent,
    unit: '%',
    budget: `≤ ${budgetPercent} with BPF`,
    within: percent <= budgetPercent,
  };
  yield {
    name: `agent memory, ${rateHz} Hz`,
    value: megabytes,
    unit: 'MB RSS',
    budget: '≤ 120',
    within: megabytes <= 120,
  };
  yield {
    name: `start to first profile sent, ${rateHz} Hz`,
    value: firstSeconds,
    unit: 's',
    budget: '≤ 8',
    within: firstSeconds <= 8,
  };
}

/** What the agent costs its machine while every CPU is busy. Needs root. */
export const agent: Bench = async function* () {
  using _load = startLoad();
  yield* atRate(19, 0.6);
  yield* atRate(99, 1.2);
};
