import { toBinary } from '@bufbuild/protobuf';
import { type Agent, type Inventory, InventorySchema, nearestNames } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import type { PartOfNode } from '../tasks/target.ts';

/** What runs on the nodes, as the agents told last. */
export interface Inventories {
  /** Takes an agent's snapshot for the one before. Throws where it is no sound one, or all are too large. */
  put(agent: Pick<Agent, 'id' | 'node'>, inventory: Inventory): void;
  /** Drops that of an agent that has left. */
  forget(agentId: string): void;
  /** By node, sorted; a node has one, or a few where machines share a name. */
  all(): readonly { readonly node: string; readonly inventory: Inventory }[];
  /** The nodes where a part of a node runs, sorted. */
  nodesWith(part: PartOfNode): readonly string[];
  /** Names that may have been meant. */
  nearest(part: PartOfNode): readonly string[];
}

const MAX_TEXT = 256;
const MAX_ROWS = 10_000;
const MAX_NEAREST = 5;

/** Knows nothing yet. Holds at most the limit `inventory_bytes`, as they are on the wire. */
export function createInventories(limits: Limits): Inventories {
  const byAgent = new Map<
    string,
    { readonly node: string; readonly inventory: Inventory; readonly bytes: number }
  >();
  let bytes = 0;

  function forget(agentId: string): void {
    bytes -= byAgent.get(agentId)?.bytes ?? 0;
    byAgent.delete(agentId);
  }

  const entries = () => [...byAgent.values()].sort((a, b) => (a.node < b.node ? -1 : 1));

  return {
    forget,
    all: entries,
    put({ id, node }, inventory) {
      requireSound(inventory);
      forget(id);
      const size = toBinary(InventorySchema, inventory).length;
      if (bytes + size > limits.value('inventory_bytes')) {
        limits.hit('inventory_bytes');
        throw new EagleError('resource_exhausted', 'expected less to run on all nodes together');
      }
      bytes += size;
      byAgent.set(id, { node, inventory, bytes: size });
    },
    nodesWith: (part) => [
      ...new Set(entries().flatMap(({ node, inventory }) => (isIn(part, inventory) ? [node] : []))),
    ],
    nearest(part) {
      const names = entries().flatMap(({ inventory }) => namesOf(part, inventory));
      return part.kind === 'docker' || part.kind === 'process'
        ? nearestNames(part.name, names, MAX_NEAREST)
        : [];
    },
  };
}

function isIn(part: PartOfNode, { containers, processes }: Inventory): boolean {
  switch (part.kind) {
    case 'pid':
      return false;
    case 'container':
      return containers.some(({ id }) => id.startsWith(part.id));
    case 'unit':
      return processes.some(({ unit }) => unit === part.unit);
    case 'docker':
      return containers.some(
        ({ runtime, name, id }) =>
          runtime === 'docker' && (name === part.name || isBegin(part.name, id)),
      );
    case 'process':
      return processes.some(({ name, comm }) => name === part.name || comm === part.name);
  }
}

const isBegin = (name: string, id: string): boolean =>
  /^[0-9a-f]{4,64}$/.test(name) && id.startsWith(name);

/** The names that a part of its kind could have. */
function namesOf({ kind }: PartOfNode, { containers, processes }: Inventory): readonly string[] {
  if (kind === 'docker') {
    return containers.flatMap(({ runtime, name }) => (runtime === 'docker' ? [name] : []));
  }
  return kind === 'process' ? processes.flatMap(({ name, comm }) => [name, comm]) : [];
}

function requireSound({ containers, processes }: Inventory): void {
  const rows = containers.length + processes.length;
  if (rows > MAX_ROWS) refuse(`at most ${MAX_ROWS} containers and groups of processes`, rows);
  for (const row of [...containers, ...processes]) {
    for (const value of Object.values(row)) {
      if (typeof value === 'string' && value.length > MAX_TEXT) {
        refuse(`texts of at most ${MAX_TEXT} characters`, value.length);
      }
    }
  }
}

function refuse(expected: string, came: number): never {
  throw new EagleError('invalid_argument', `expected ${expected} in an inventory, got ${came}`);
}
