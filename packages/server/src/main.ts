import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitStatus } from '@kube-eagle/api';
import { EagleError, messageOf } from '@kube-eagle/profile';
import type { Clock } from './clock.ts';
import type { ControlStore } from './control/control-store.ts';
import { createMemoryControlStore } from './control/memory-control-store.ts';
import { openSqliteControlStore } from './control/sqlite-control-store.ts';
import { isLoopbackName } from './http/guard.ts';
import { type JoinIdentity, joinContainerId } from './identity/identity.ts';
import { createPodIdentity } from './identity/pod-identity.ts';
import { createLimits } from './limits.ts';
import { createServer } from './server.ts';
import { readSettings, type Settings, settingsHelp } from './settings.ts';
import { openDuckdbStore } from './store/duckdb/duckdb-store.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { Store } from './store/profile-store.ts';
import type { Cluster } from './targets/cluster.ts';
import { clusterSettled, openCluster } from './targets/open-cluster.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

const VERSION = '0.1.0';
const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;

const clock: Clock = {
  nowMs: () => Date.now(),
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function askedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => resolve(signal));
    }
  });
}

async function openStores({ data }: Settings): Promise<{ store: Store; control: ControlStore }> {
  if (data === ':memory:') {
    return { store: createMemoryStore(), control: createMemoryControlStore() };
  }
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new EagleError(
      'unavailable',
      `--data ${data}: ${messageOf(cause)}. Choose a directory this user can write to`,
      { cause },
    );
  }
  const store = await openDuckdbStore({ dir: join(data, 'profiles'), now: clock.nowMs });
  try {
    return { store, control: openSqliteControlStore(join(data, 'control.sqlite')) };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

function readToken({ tokenFile }: Settings): string | undefined {
  if (tokenFile === '') return undefined;
  let token: string;
  try {
    token = readFileSync(tokenFile, 'utf8').trim();
  } catch (cause) {
    throw new EagleError('invalid_argument', `--token-file: ${messageOf(cause)}`, { cause });
  }
  if (token.length >= 16) return token;
  throw new EagleError(
    'invalid_argument',
    `--token-file ${tokenFile}: expected a token of at least 16 characters, got ${token.length}`,
  );
}

/** The page as `npm run build` leaves it, unless another is named. */
function webDirectory({ web }: Settings): string | undefined {
  const built = fileURLToPath(new URL('../../web/dist', import.meta.url));
  if (web === '') return existsSync(built) ? built : undefined;
  if (existsSync(join(web, 'index.html'))) return web;
  throw new EagleError(
    'invalid_argument',
    `--web ${web}: expected an index.html in it, found none`,
  );
}

function joinIdentity(
  { podLabels }: Settings,
  cluster: Cluster | undefined,
  { metrics }: Telemetry,
): JoinIdentity {
  if (!cluster) return joinContainerId;
  return createPodIdentity({
    cluster,
    podLabels,
    joined: (outcome) => metrics.identity.inc({ outcome }),
  });
}

async function run(settings: Settings): Promise<void> {
  const stopped = askedToStop();
  const token = readToken(settings);
  const limits = createLimits({ row_age: Math.min(settings.retentionMs, WEEK_MS) });
  const telemetry = createTelemetry(limits, process.stdout, settings.logLevel);
  const cluster = openCluster({
    kubeconfig: settings.kubeconfig,
    env: process.env,
    limits,
    telemetry,
    clock,
    random: Math.random,
  });
  await using _cluster = cluster;
  const { store, control } = await openStores(settings);
  await using _store = store;
  await using _control = control;
  await using server = await createServer({
    store,
    control,
    joinIdentity: joinIdentity(settings, cluster, telemetry),
    cluster,
    limits,
    telemetry,
    clock,
    guard: { loopback: isLoopbackName(settings.host), token },
    retentionMs: settings.retentionMs,
    webDirectory: webDirectory(settings),
    ownNode: settings.node || hostname(),
    version: VERSION,
  });
  if (cluster) await clusterSettled(cluster, clock, telemetry);
  const { address, port } = await server.listen(settings.port, settings.host);
  telemetry.log.info({ address, port, data: settings.data, version: VERSION }, 'listening');
  const signal = await stopped;
  telemetry.log.info({ signal }, 'stopping');
}

const argv = process.argv.slice(2);
if (argv.includes('--help') || argv.includes('-h')) process.stdout.write(settingsHelp());
else {
  try {
    await run(readSettings(argv, process.env));
  } catch (error) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    process.exitCode = error instanceof EagleError ? exitStatus(error) : 1;
  }
}
