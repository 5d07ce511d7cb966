import { toBinary } from '@bufbuild/protobuf';
import { type Inventory, InventorySchema } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import type { Containers } from '../containers/open-containers.ts';
import { createBell } from '../export/bell.ts';
import { backoffMs } from '../export/retry.ts';
import type { Telemetry } from '../telemetry.ts';
import { inventoryOf } from './inventory.ts';
import type { ProcessTable } from './process-table.ts';

/** Tells the server what runs here. */
export interface InventoryReporter {
  /** The server has asked for it: whatever it was told before, it does not have any more. */
  wanted(): void;
  /** Something may be called otherwise. */
  changed(): void;
  /** Follows the processes and reports until `signal` aborts. Throws nothing. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InventoryPorts {
  readonly table: ProcessTable;
  readonly containers: Pick<Containers, 'find'>;
  readonly send: (inventory: Inventory, signal: AbortSignal) => Promise<unknown>;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly telemetry: Telemetry;
}

/** How often the kernel's records are read, which wait in a ring. */
const TURN_MS = 1_000;
/** Least time between two reports. */
const PAUSE_MS = 5_000;
const MAX_WAIT_MS = 60_000;

/** A reporter that says nothing before it was asked. */
export function createInventoryReporter(ports: InventoryPorts): InventoryReporter {
  const { table, containers, send, nowMs, random, telemetry } = ports;
  const bell = createBell();
  let isWanted = false;
  let isDirty = true;
  let sent = Buffer.alloc(0);
  let nextMs = 0;
  let failures = 0;

  async function report(signal: AbortSignal): Promise<void> {
    isDirty = false;
    const inventory = inventoryOf(table.all(), containers);
    const bytes = Buffer.from(toBinary(InventorySchema, inventory));
    if (bytes.equals(sent)) return;
    try {
      await send(inventory, signal);
      telemetry.count('inventories_sent');
      failures = 0;
      sent = bytes;
      nextMs = nowMs() + PAUSE_MS;
    } catch (error) {
      if (signal.aborted) return;
      telemetry.count('inventories_failed');
      telemetry.log.warn({ message: messageOf(error) }, 'what runs here is not reported');
      isDirty = true;
      nextMs = nowMs() + Math.max(PAUSE_MS, backoffMs(failures++, MAX_WAIT_MS, random));
    }
  }

  return {
    wanted() {
      isWanted = true;
      isDirty = true;
      sent = Buffer.alloc(0);
      nextMs = 0;
      bell.ring();
    },
    changed() {
      isDirty = true;
    },
    async run(signal) {
      while (!signal.aborted) {
        isDirty = (await table.turn()) || isDirty;
        if (isWanted && isDirty && nowMs() >= nextMs) await report(signal);
        await bell.wait(signal, TURN_MS);
      }
    },
  };
}
