import { create } from '@bufbuild/protobuf';
import { type Agent, type WorkResponse, WorkResponseSchema } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Clock } from '../clock.ts';
import { AGENTS_KEPT, type ControlStore } from '../control/control-store.ts';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { type AgentEntry, createAgentTable } from './agent-table.ts';
import { createMailbox } from './mailbox.ts';

/** The agents this server knows, and the streams of those that are connected. */
export interface AgentHub extends Disposable {
  /**
   * Takes an agent in. Gives what it is sent, until it leaves or another stream of the same agent
   * takes its place. Throws `resource_exhausted` where too many are connected.
   */
  connect(agent: Agent, signal: AbortSignal): AsyncIterable<WorkResponse>;
  /** Whether the message is on its way. */
  send(node: string, message: WorkResponse): boolean;
  /** The connected agents. */
  connected(): readonly Agent[];
  /** An agent that is or was connected. */
  find(agentId: string): Agent | undefined;
  /** Since when no agent of a node is connected; `undefined` while one is. */
  goneSinceMs(node: string): number | undefined;
  /** All agents by id, and when each was last seen. */
  known(): readonly AgentEntry[];
}

export interface HubPorts {
  readonly control: ControlStore;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

const HEARTBEAT_MS = 10_000;

const heartbeat = create(WorkResponseSchema, { kind: { case: 'heartbeat', value: {} } });

/** A hub that knows the agents of the control store. */
export async function createAgentHub(ports: HubPorts): Promise<AgentHub> {
  const { control, limits, telemetry, clock } = ports;
  const table = createAgentTable(AGENTS_KEPT);
  const openedMs = clock.nowMs();
  for (const { agent, lastSeenMs } of await control.agents(AGENTS_KEPT)) {
    table.set({ agent, mailbox: undefined, lastSeenMs });
  }

  function set(entry: AgentEntry): void {
    table.set(entry);
    telemetry.metrics.agentsConnected.set(table.connected);
    const { agent, lastSeenMs } = entry;
    control
      .saveAgent({ agent, lastSeenMs })
      .catch((err) => telemetry.log.warn({ err, agent: agent.id }, 'agent not saved'));
  }

  const beating = clock.every(HEARTBEAT_MS, () => {
    for (const entry of table.all()) post(entry, heartbeat, ports);
  });

  return {
    connect(agent, signal) {
      const older = table.get(agent.id)?.mailbox;
      if (!older) requireRoom(table.connected, limits);
      older?.end();
      const mailbox = createMailbox<WorkResponse>(limits.value('agent_queue'));
      // The first message tells the agent at once that it is taken in.
      mailbox.post(heartbeat);
      set({ agent, mailbox, lastSeenMs: clock.nowMs() });
      telemetry.log.info({ agent: agent.id, node: agent.node }, 'agent connected');
      return leaving(mailbox.read(signal), () => {
        if (table.get(agent.id)?.mailbox !== mailbox) return;
        set({ agent, mailbox: undefined, lastSeenMs: clock.nowMs() });
        telemetry.log.info({ agent: agent.id, node: agent.node }, 'agent left');
      });
    },
    send: (node, message) => table.onNode(node).some((entry) => post(entry, message, ports)),
    connected: () => table.all().flatMap(({ agent, mailbox }) => (mailbox ? [agent] : [])),
    find: (agentId) => table.get(agentId)?.agent,
    goneSinceMs(node) {
      const entries = table.onNode(node);
      if (entries.some(({ mailbox }) => mailbox)) return undefined;
      // Nobody can have been connected while this server was not there.
      return Math.max(openedMs, ...entries.map(({ lastSeenMs }) => lastSeenMs));
    },
    known: () =>
      table
        .all()
        .map((entry) => (entry.mailbox ? { ...entry, lastSeenMs: clock.nowMs() } : entry))
        .sort((a, b) => (a.agent.id < b.agent.id ? -1 : 1)),
    [Symbol.dispose]() {
      beating[Symbol.dispose]();
      for (const { mailbox } of table.all()) mailbox?.end();
    },
  };
}

function requireRoom(connected: number, limits: Limits): void {
  if (connected < limits.value('agents_connected')) return;
  limits.hit('agents_connected');
  throw new EagleError(
    'resource_exhausted',
    `${connected} agents are connected: add a server, or connect again later`,
  );
}

function post({ agent, mailbox }: AgentEntry, message: WorkResponse, ports: HubPorts): boolean {
  if (!mailbox) return false;
  if (mailbox.post(message)) return true;
  ports.limits.hit('agent_queue');
  ports.telemetry.log.warn({ agent: agent.id, node: agent.node }, 'agent does not read: cut off');
  mailbox.end();
  return false;
}

async function* leaving<T>(messages: AsyncIterable<T>, leave: () => void): AsyncIterable<T> {
  try {
    yield* messages;
  } finally {
    leave();
  }
}
