import { type Clock, pause } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import { type ClusterPorts, type WatchedCluster, watchCluster } from './cluster.ts';
import { inClusterAccess, readKubeConfig } from './kube-config.ts';
import { openKubeHttp } from './kube-http.ts';
import { createTokenSource } from './kube-token.ts';

export interface OpenClusterOptions extends Omit<ClusterPorts, 'api'> {
  /** File that says how to reach the cluster; empty for the one this is a pod of, if it is. */
  readonly kubeconfig: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Watches the cluster of a kubeconfig, or the one that this process runs in; `undefined` where there
 * is none. Throws `invalid_argument` for a kubeconfig that cannot be used.
 */
export function openCluster(options: OpenClusterOptions): WatchedCluster | undefined {
  const { kubeconfig, env, clock } = options;
  const access = kubeconfig === '' ? inClusterAccess(env) : readKubeConfig(kubeconfig);
  if (!access) return undefined;
  const api = openKubeHttp(
    access,
    createTokenSource(access.credentials, { nowMs: clock.nowMs, env }),
  );
  const cluster = watchCluster({ ...options, api });
  return {
    ...cluster,
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      api[Symbol.dispose]();
    },
  };
}

/** What comes before is stored without its pods, so a server that starts waits for a while. */
const SETTLE_MS = 10_000;

/** Waits until the cluster was read once, or for ten seconds. */
export async function clusterSettled(
  { settled, status }: WatchedCluster,
  clock: Clock,
  { log }: Telemetry,
): Promise<void> {
  const settling = new AbortController();
  await Promise.race([settled, pause(clock, SETTLE_MS, settling.signal)]);
  settling.abort();
  const { server, caches } = status();
  const unread = caches.filter(({ freshMs }) => freshMs === 0);
  if (unread.length === 0) log.info({ server }, 'cluster read');
  for (const { resource, problem } of unread) log.warn({ server, resource, problem }, 'not read');
}
