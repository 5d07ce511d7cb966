import type { Agent, WorkResponse } from '@kube-eagle/api';
import type { Mailbox } from './mailbox.ts';

/** An agent that is or was connected. */
export interface AgentEntry {
  readonly agent: Agent;
  /** Absent while it is not connected. */
  readonly mailbox: Mailbox<WorkResponse> | undefined;
  readonly lastSeenMs: number;
}

/** Agents by id and by node. A node has one, or a few where machines share a name. */
export interface AgentTable {
  /** How many are connected. */
  readonly connected: number;
  get(id: string): AgentEntry | undefined;
  set(entry: AgentEntry): void;
  onNode(node: string): readonly AgentEntry[];
  all(): readonly AgentEntry[];
}

/** An empty table that keeps at most `limit` agents: those set last, and the connected ones. */
export function createAgentTable(limit: number): AgentTable {
  const byId = new Map<string, AgentEntry>();
  const idsByNode = new Map<string, Set<string>>();
  let connected = 0;

  function remove(id: string): void {
    const entry = byId.get(id);
    if (!entry) return;
    byId.delete(id);
    if (entry.mailbox) connected--;
    const ids = idsByNode.get(entry.agent.node);
    ids?.delete(id);
    if (ids?.size === 0) idsByNode.delete(entry.agent.node);
  }

  return {
    get connected() {
      return connected;
    },
    get: (id) => byId.get(id),
    set(entry) {
      const { id, node } = entry.agent;
      remove(id);
      byId.set(id, entry);
      idsByNode.set(node, (idsByNode.get(node) ?? new Set()).add(id));
      if (entry.mailbox) connected++;
      if (byId.size <= limit) return;
      const oldest = [...byId.values()].find(({ mailbox }) => !mailbox);
      if (oldest) remove(oldest.agent.id);
    },
    onNode: (node) =>
      [...(idsByNode.get(node) ?? [])].flatMap((id) => {
        const entry = byId.get(id);
        return entry ? [entry] : [];
      }),
    all: () => [...byId.values()],
  };
}
