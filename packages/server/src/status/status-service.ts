import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  AgentStatusSchema,
  AgentsResponseSchema,
  StatusResponseSchema,
  type StatusService,
} from '@kube-eagle/api';
import type { AgentHub } from '../agents/agent-hub.ts';
import type { Clock } from '../clock.ts';
import type { Limits } from '../limits.ts';
import type { StoreUpkeep } from '../store/profile-store.ts';
import type { Cluster } from '../targets/cluster.ts';
import type { NewestWindows } from './newest-windows.ts';

export interface StatusPorts {
  readonly store: StoreUpkeep;
  readonly hub: AgentHub;
  readonly newest: NewestWindows;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly cluster: Cluster | undefined;
  readonly version: string;
}

/** How the server is and who its agents are, as status.proto has them. */
export function createStatusService(ports: StatusPorts): ServiceImpl<typeof StatusService> {
  const { store, hub, newest, limits, clock, version, cluster } = ports;
  const startedMs = clock.nowMs();
  return {
    async status(_request, { signal }) {
      const { limits: storeLimits, ...rest } = await store.status(signal);
      return create(StatusResponseSchema, {
        version,
        uptimeMs: clock.nowMs() - startedMs,
        nowMs: clock.nowMs(),
        store: rest,
        limits: [...limits.list(), ...storeLimits],
        agentsConnected: hub.connected().length,
        ...(cluster && { cluster: cluster.status() }),
      });
    },
    agents: () =>
      create(AgentsResponseSchema, {
        agents: hub.known().map(({ agent, mailbox, lastSeenMs }) =>
          create(AgentStatusSchema, {
            agent,
            connected: mailbox !== undefined,
            lastSeenMs,
            lastWindowMs: newest.of(agent.node),
          }),
        ),
      }),
  };
}
