import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { type InventoryService, ListInventoriesResponseSchema } from '@kube-eagle/api';
import type { Limits } from '../limits.ts';
import type { Inventories } from './inventories.ts';

/** What runs on the nodes, as inventory.proto has it. */
export function createInventoryService(
  inventories: Inventories,
  limits: Limits,
): ServiceImpl<typeof InventoryService> {
  return {
    listInventories({ nodes }) {
      const wanted = new Set(nodes);
      const all = inventories.all().filter(({ node }) => wanted.size === 0 || wanted.has(node));
      const shown = all.slice(0, limits.value('inventory_nodes'));
      const leftOut = all.length - shown.length;
      if (leftOut > 0) limits.hit('inventory_nodes');
      return create(ListInventoriesResponseSchema, { nodes: shown, leftOut });
    },
  };
}
