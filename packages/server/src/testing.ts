import type { Clock } from './clock.ts';
import { createMemoryControlStore } from './control/memory-control-store.ts';
import type { GuardOptions } from './http/guard.ts';
import { joinContainerId } from './identity/identity.ts';
import { createPodIdentity } from './identity/pod-identity.ts';
import { createLimits, type LimitName, type Limits } from './limits.ts';
import { createServer, type Server } from './server.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { Store } from './store/profile-store.ts';
import type { Cluster } from './targets/cluster.ts';
import { createSilentTelemetry } from './telemetry.ts';

/** A whole server on a free port of this machine, over memory. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  readonly store: Store;
  readonly limits: Limits;
}

export interface TestServerOptions {
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly guard?: GuardOptions;
  readonly clock?: Clock;
  readonly webDirectory?: string;
  readonly cluster?: Cluster;
}

/** The time that passes. */
export const REAL_CLOCK: Clock = {
  nowMs: () => Date.now(),
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

/** Starts a server for tests; disposing it drains it. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { cluster } = options;
  const limits = createLimits(options.limits);
  const store = createMemoryStore();
  const control = createMemoryControlStore();
  const server = await createServer({
    store,
    control,
    joinIdentity: cluster
      ? createPodIdentity({ cluster, podLabels: [], joined: () => {} })
      : joinContainerId,
    cluster,
    limits,
    telemetry: createSilentTelemetry(limits),
    clock: options.clock ?? REAL_CLOCK,
    guard: options.guard ?? { loopback: true, token: undefined },
    retentionMs: 7 * 24 * 3_600_000,
    webDirectory: options.webDirectory,
    ownNode: 'here',
    version: 'test',
  });
  const { port } = await server.listen(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    store,
    limits,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
    },
  };
}
