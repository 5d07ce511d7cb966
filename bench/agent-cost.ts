import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_ENVIRONMENT, AGENT_NODE_FLAGS } from '../packages/agent/src/node-flags.ts';
import { createMemoryStore } from '../packages/server/src/store/memory-store.ts';
import { ROOT, start, temporaryFolder } from '../test/harness.ts';
import { openServer } from './server.ts';
import { usageOf } from './usage.ts';

/** Until the agent has read the symbols of what runs. */
const WARM_UP_MS = 25_000;
const MEASURED_MS = 30_000;

/** What an agent took of its machine. */
export interface AgentCost {
  /** CPU time of its process by /proc/PID/stat, as a percentage of one core. */
  readonly ownPercent: number;
  /** Run time of its BPF programs as the kernel counts it, the same. */
  readonly bpfPercent: number;
  /** At the end. */
  readonly residentMegabytes: number;
  /** From its start until the server had stored a profile; NaN if that took longer than to warm up. */
  readonly firstSeconds: number;
}

/**
 * Runs an agent as its own process for 55 s, its server in this one, and looks at the last 30 s. BPF
 * is counted only while the kernel counts runs. Needs root.
 */
export async function costOfAgent(rateHz: number): Promise<AgentCost> {
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
  return {
    ownPercent: percent * (after.cpuSeconds - before.cpuSeconds),
    bpfPercent: percent * (after.bpfSeconds - before.bpfSeconds),
    residentMegabytes: after.residentMegabytes,
    firstSeconds: (firstMs - started) / 1_000,
  };
}

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
