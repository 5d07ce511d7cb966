import type { AddressInfo } from 'node:net';
import {
  AgentService,
  InventoryService,
  QueryService,
  StatusService,
  TargetService,
  TaskService,
} from '@kube-eagle/api';
import type { FastifyInstance } from 'fastify';
import { createAgentHub } from './agents/agent-hub.ts';
import { createAgentService } from './agents/agent-service.ts';
import type { Clock } from './clock.ts';
import type { ControlStore } from './control/control-store.ts';
import { createApp } from './http/app.ts';
import { createByteBudget } from './http/byte-budget.ts';
import type { GuardOptions } from './http/guard.ts';
import { registerPage } from './http/page.ts';
import type { JoinIdentity } from './identity/identity.ts';
import { createIngest } from './ingest/ingest.ts';
import { addOtlpGrpc, boundGrpcExports } from './ingest/otlp-grpc.ts';
import { registerOtlpHttp } from './ingest/otlp-http.ts';
import { createInventories } from './inventory/inventories.ts';
import { createInventoryService } from './inventory/inventory-service.ts';
import type { Limits } from './limits.ts';
import { createAnswerer } from './query/answerer.ts';
import { registerExport } from './query/export.ts';
import { createQueryGate } from './query/query-gate.ts';
import { createQueryService } from './query/query-service.ts';
import { createNewestWindows } from './status/newest-windows.ts';
import { registerProbes } from './status/probes.ts';
import { createStatusService } from './status/status-service.ts';
import type { Store } from './store/profile-store.ts';
import type { Cluster } from './targets/cluster.ts';
import { createTargetService } from './targets/target-service.ts';
import { createTaskBoard } from './tasks/task-board.ts';
import { createTaskService } from './tasks/task-service.ts';
import type { Telemetry } from './telemetry.ts';

/** All that a server is made of. Whoever opened the stores disposes of them, after the server. */
export interface ServerPorts {
  readonly store: Store;
  readonly control: ControlStore;
  readonly joinIdentity: JoinIdentity;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly guard: GuardOptions;
  /** How long profiles are kept. */
  readonly retentionMs: number;
  /** Directory of the built page; without it there is none. */
  readonly webDirectory: string | undefined;
  /** Name of the machine the server runs on: the one that the target `host` means. */
  readonly ownNode: string;
  /** Absent where no Kubernetes cluster is watched. */
  readonly cluster: Cluster | undefined;
  readonly version: string;
}

/** Disposing drains: not ready any more, streams ended, what was begun answered. */
export interface Server extends AsyncDisposable {
  /** Answers requests in memory, too. */
  readonly fastify: FastifyInstance;
  /** Gives the bound address. Throws `unavailable` where the port is taken. */
  listen(port: number, host: string): Promise<AddressInfo>;
}

const DRAIN_MS = 10_000;
const RETENTION_CHECK_MS = 5 * 60_000;

/** A server over its ports. It listens on nothing until told to. */
export async function createServer(ports: ServerPorts): Promise<Server> {
  const { limits, telemetry, clock, store, control } = ports;
  const stopping = new AbortController();
  const draining = stopping.signal;
  const newest = createNewestWindows(limits);
  const ingest = createIngest({ ...ports, seen: newest.saw, nowMs: clock.nowMs });
  const otlp = { ingest, budget: createByteBudget(limits), limits, telemetry };
  const answerer = createAnswerer();
  const gate = createQueryGate(limits, telemetry);
  const query = { store, answerer, gate, limits, nowMs: clock.nowMs };
  const hub = await createAgentHub(ports);
  const inventories = createInventories(limits);
  const tasks = await createTaskBoard({ ...ports, hub, inventories });
  const { fastify, port } = createApp({
    ...ports.guard,
    limits,
    telemetry,
    routes(router) {
      addOtlpGrpc(router, otlp);
      router.service(QueryService, createQueryService(query));
      router.service(TargetService, createTargetService({ ...ports, hub, inventories }));
      router.service(TaskService, createTaskService(tasks, control, draining));
      router.service(AgentService, createAgentService(hub, tasks, inventories));
      router.service(InventoryService, createInventoryService(inventories, limits));
      router.service(StatusService, createStatusService({ ...ports, hub, newest }));
    },
  });
  boundGrpcExports(fastify, otlp);
  registerOtlpHttp(fastify, otlp);
  registerExport(fastify, query);
  registerProbes(fastify, { store, telemetry, draining });
  if (ports.webDirectory !== undefined) registerPage(fastify, ports.webDirectory);
  const retiring = clock.every(RETENTION_CHECK_MS, () => retire(ports));
  await fastify.ready();
  return {
    fastify,
    listen: port.listen,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      retiring[Symbol.dispose]();
      hub[Symbol.dispose]();
      tasks[Symbol.dispose]();
      await port.drain(AbortSignal.timeout(DRAIN_MS));
      await fastify.close();
      await answerer[Symbol.asyncDispose]();
    },
  };
}

/** Deletes what is older than it is to be kept. */
function retire({ store, clock, retentionMs, limits, telemetry }: ServerPorts): void {
  store
    .expire(clock.nowMs() - retentionMs, AbortSignal.timeout(limits.value('store_timeout')))
    .then((rows) => {
      telemetry.metrics.rows.inc({ outcome: 'expired' }, rows);
      if (rows > 0) telemetry.log.info({ rows }, 'old profiles deleted');
    })
    .catch((err) => telemetry.log.error({ err }, 'old profiles not deleted'));
}
