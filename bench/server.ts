import {
  createLimits,
  createMemoryControlStore,
  createServer,
  createSilentTelemetry,
  joinContainerId,
} from '../packages/server/src/index.ts';
import type { Store } from '../packages/server/src/store/profile-store.ts';
import { REAL_CLOCK } from '../packages/server/src/testing.ts';

/** A whole server on a free port of the loopback, over a store that stays its caller's. */
export async function openServer(
  store: Store,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const limits = createLimits();
  const resources = new AsyncDisposableStack();
  const server = await createServer({
    store,
    control: resources.use(createMemoryControlStore()),
    joinIdentity: joinContainerId,
    limits,
    telemetry: createSilentTelemetry(limits),
    clock: REAL_CLOCK,
    guard: { loopback: true, token: undefined },
    retentionMs: 7 * 24 * 3_600_000,
    webDirectory: undefined,
    ownNode: 'bench',
    cluster: undefined,
    version: 'bench',
  });
  resources.use(server);
  const { port } = await server.listen(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
