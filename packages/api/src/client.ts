import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { InventoryService } from './gen/kubeeagle/v1/inventory_pb.ts';
import { QueryService } from './gen/kubeeagle/v1/query_pb.ts';
import { StatusService } from './gen/kubeeagle/v1/status_pb.ts';
import { TargetService } from './gen/kubeeagle/v1/target_pb.ts';
import { TaskService } from './gen/kubeeagle/v1/task_pb.ts';

/** The server as people and tools see it. */
export interface EagleClient {
  readonly query: Client<typeof QueryService>;
  readonly targets: Client<typeof TargetService>;
  readonly tasks: Client<typeof TaskService>;
  readonly status: Client<typeof StatusService>;
  readonly inventory: Client<typeof InventoryService>;
}

/** A client over any Connect transport: Node's, the browser's, or a router in memory. */
export function createEagleClient(transport: Transport): EagleClient {
  return {
    query: createClient(QueryService, transport),
    targets: createClient(TargetService, transport),
    tasks: createClient(TaskService, transport),
    status: createClient(StatusService, transport),
    inventory: createClient(InventoryService, transport),
  };
}
