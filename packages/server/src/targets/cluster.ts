import { create } from '@bufbuild/protobuf';
import {
  type ClusterStatus,
  ClusterStatusSchema,
  type KubeKind,
  type KubeTarget,
  REASONS,
} from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Clock } from '../clock.ts';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { type ClusterCache, createClusterCache, type KnownContainer } from './cluster-cache.ts';
import { type ClusterResource, clusterResources } from './cluster-resources.ts';
import type { KubeApi } from './kube-api.ts';
import { findContainers, listWorkloads, type Where, type WorkloadRow } from './pod-finder.ts';
import type { Reflector } from './reflector.ts';

/** A Kubernetes cluster that is watched. Nothing here asks its API; its watches do, by themselves. */
export interface Cluster {
  /** Throws as {@link findContainers} does. */
  find(target: KubeTarget | undefined, where: Where): readonly KnownContainer[];
  /** What has running pods. Throws `unavailable` where that is not known. */
  workloads(where: Where): readonly WorkloadRow[];
  /** A container by its whole id, also one that ended lately. */
  container(id: string): KnownContainer | undefined;
  /** What owns a pod in the end. */
  workloadOf: ClusterCache['workloadOf'];
  status(): ClusterStatus;
}

export interface ClusterPorts {
  readonly api: KubeApi;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** 0 to 1, for waits that do not all end at once. */
  readonly random: () => number;
}

/** A cluster whose watches run until it is disposed. */
export interface WatchedCluster extends Cluster, AsyncDisposable {
  /** Resolves once each kind was read, or refused. */
  readonly settled: Promise<unknown>;
}

/** Bookmarks come every minute, so a watch that is silent for longer is dead. */
const SILENCE_MS = 90_000;

/** Begins to watch a cluster. */
export function watchCluster(ports: ClusterPorts): WatchedCluster {
  const { api, limits, telemetry } = ports;
  const ending = new AbortController();
  const cache = createClusterCache(limits);
  const asked = { requests: 0 };
  const watched = clusterResources(cache).map((resource) => ({
    resource,
    reflector: reflectorOf(resource, ports, asked, ending.signal),
  }));
  const reflectors = new Map(watched.map(({ resource, reflector }) => [resource.kind, reflector]));
  telemetry.observeCluster(() =>
    watched.map(({ resource }) => ({ resource: resource.name, objects: resource.size() })),
  );

  function required(kind: KubeKind): void {
    const reflector = reflectors.get(kind);
    if (reflector && reflector.state.freshMs > 0) return;
    const problem = reflector?.state.problem ?? '';
    const why = problem === '' ? '' : ` (${problem})`;
    throw new EagleError('unavailable', `${kind}s are not known${why}. ${REASONS.cluster_unknown}`);
  }

  return {
    settled: Promise.all(watched.map(({ reflector }) => reflector.settled)),
    find: (target, where) => findContainers(cache, required, target, where),
    workloads(where) {
      required('Pod');
      return listWorkloads(cache, where);
    },
    container: cache.container,
    workloadOf: cache.workloadOf,
    status: () =>
      create(ClusterStatusSchema, {
        server: api.server,
        requests: asked.requests,
        caches: watched.map(({ resource, reflector: { state } }) => ({
          resource: resource.name,
          state: state.phase,
          objects: resource.size(),
          freshMs: state.freshMs,
          restarts: state.restarts,
          problem: state.problem,
        })),
      }),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(watched.map(({ reflector }) => reflector.ended));
    },
  };
}

function reflectorOf(
  resource: ClusterResource,
  { api, clock, random, telemetry }: ClusterPorts,
  counts: { requests: number },
  signal: AbortSignal,
): Reflector {
  const { metrics } = telemetry;
  const { name } = resource;
  return resource.reflect(
    {
      api,
      clock,
      backoff: { random },
      silenceMs: SILENCE_MS,
      asked(verb) {
        counts.requests++;
        metrics.clusterRequests.inc({ resource: name, verb });
      },
      restarted: (cause) => metrics.clusterRestarts.inc({ resource: name, cause }),
    },
    signal,
  );
}
