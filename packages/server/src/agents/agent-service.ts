import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type Agent,
  type AgentService,
  ReportInventoryResponseSchema,
  ReportResponseSchema,
  WorkResponseSchema,
} from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Inventories } from '../inventory/inventories.ts';
import type { TaskBoard } from '../tasks/task-board.ts';
import type { AgentHub } from './agent-hub.ts';

const MAX_NAME_LENGTH = 253;
const MAX_FINDINGS = 64;

const inventoryWanted = create(WorkResponseSchema, {
  kind: { case: 'inventoryWanted', value: {} },
});

/** What agents call, as agent.proto has it. */
export function createAgentService(
  hub: AgentHub,
  tasks: TaskBoard,
  inventories: Inventories,
): ServiceImpl<typeof AgentService> {
  const knownAgent = (agentId: string): Agent => {
    const agent = hub.find(agentId);
    if (agent) return agent;
    throw new EagleError(
      'not_found',
      `no agent ${JSON.stringify(agentId)} is known: open the stream Work first`,
    );
  };
  return {
    async *work({ agent }, { signal }) {
      const sound = checked(agent);
      const messages = hub.connect(sound, signal);
      hub.send(sound.node, inventoryWanted);
      tasks.resume(sound.node);
      try {
        yield* messages;
      } finally {
        if (!hub.connected().some(({ id }) => id === sound.id)) inventories.forget(sound.id);
      }
    },
    async report({ agentId, taskId, outcome }) {
      const agent = knownAgent(agentId);
      if (!outcome) throw new EagleError('invalid_argument', 'expected an outcome, got none');
      const wanted = await tasks.report(taskId, { ...outcome, node: agent.node });
      return create(ReportResponseSchema, { cancelled: !wanted });
    },
    reportInventory({ agentId, inventory }) {
      const agent = knownAgent(agentId);
      if (!inventory) throw new EagleError('invalid_argument', 'expected an inventory, got none');
      // What an agent that has just left still sends is not kept for ever.
      if (hub.goneSinceMs(agent.node) === undefined) inventories.put(agent, inventory);
      return create(ReportInventoryResponseSchema);
    },
  };
}

function checked(agent: Agent | undefined): Agent {
  if (!agent) throw new EagleError('invalid_argument', 'expected an agent, got none');
  for (const name of ['id', 'node'] as const) {
    const { length } = agent[name];
    if (length > 0 && length <= MAX_NAME_LENGTH) continue;
    throw new EagleError(
      'invalid_argument',
      `expected an agent's ${name} of 1 to ${MAX_NAME_LENGTH} characters, got ${length}`,
    );
  }
  if (agent.findings.length <= MAX_FINDINGS) return agent;
  throw new EagleError(
    'invalid_argument',
    `expected at most ${MAX_FINDINGS} findings, got ${agent.findings.length}`,
  );
}
