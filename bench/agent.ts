import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_ENVIRONMENT, AGENT_NODE_FLAGS } from '../packages/agent/src/node-flags.ts';
import { countRuns } from '../packages/agent/src/sampler/libbpf.ts';
import { createMemoryStore } from '../packages/server/src/store/memory-store.ts';
import { ROOT, start, temporaryFolder } from '../test/harness.ts';
import type { Bench, Figure } from './figure.ts';
import { openServer } from './server.ts';
import { usageOf } from './usage.ts';

/** Until the agent has read the symbols of what runs. */
const WARM_UP_MS = 25_000;
const MEASURED_MS = 30_000;

/** A server in this process, over a store in memory; tells when the first profile was stored. */
async function openSink(): Promise<
  { readonly url: string; readonly first: Promise<number> } & AsyncDisposable
> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const store = createMemoryStore();
  const server = await openServer({
    ...store,
    async append(...batch) {
      const outcome = await store.append(...batch);
      resolve(performance.now());
      return outcome;
    },
  });
  return {
    url: server.url,
    first: promise,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
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
  const before = usageOf(agent.pid);
  const beganMs = performance.now();
  await sleep(MEASURED_MS);
  const after = usageOf(agent.pid);
  const percent = 100 / ((performance.now() - beganMs) / 1_000);
  const own = percent * (after.cpuSeconds - before.cpuSeconds);
  const bpf = percent * (after.bpfSeconds - before.bpfSeconds);
  const firstSeconds = (firstMs - started) / 1_000;
  const within = own + bpf <= budgetPercent;
  yield {
    name: `agent and BPF on busy CPUs, ${rateHz} Hz, of one core`,
    value: own + bpf,
    unit: '%',
    budget: `≤ ${budgetPercent}`,
    within,
  };
  yield { name: `of it the agent's process, ${rateHz} Hz`, value: own, unit: '%' };
  yield {
    name: `agent memory, ${rateHz} Hz`,
    value: after.residentMegabytes,
    unit: 'MB RSS',
    budget: '≤ 120',
    within: after.residentMegabytes <= 120,
  };
  yield {
    name: `start to first profile stored, ${rateHz} Hz`,
    value: firstSeconds,
    unit: 's',
    budget: '≤ 8',
    within: firstSeconds <= 8,
  };
}

/**
 * What the agent costs its machine while every CPU is busy: CPU time of its process by
 * /proc/PID/stat, run time of its BPF programs as the kernel counts it. Needs root.
 */
export const agent: Bench = async function* () {
  using _runs = countRuns();
  using _load = startLoad();
  yield* atRate(19, 0.6);
  yield* atRate(99, 1.2);
};
