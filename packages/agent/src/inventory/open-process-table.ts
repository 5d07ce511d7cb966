import { messageOf } from '@kube-eagle/profile';
import type { Telemetry } from '../telemetry.ts';
import { openProcessEvents, type ProcessEvents } from './process-events.ts';
import { createProcessTable, type ProcessTable } from './process-table.ts';
import { allPids, lookAtProcess } from './running-process.ts';

export interface OpenTableOptions {
  readonly limit: number;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
}

/** The processes of this machine, by the kernel's events, or looked at once a minute without them. */
export function openProcessTable(options: OpenTableOptions): ProcessTable & Disposable {
  const { limit, telemetry, nowMs } = options;
  const events = openEvents(telemetry);
  const table = createProcessTable({
    events,
    look: lookAtProcess,
    pids: allPids,
    limit,
    nowMs,
    onLost: (count) => telemetry.count('process_events_lost', count),
    onDropped: () => telemetry.count('processes_dropped'),
  });
  return { ...table, [Symbol.dispose]: () => events?.[Symbol.dispose]() };
}

function openEvents(telemetry: Telemetry): ProcessEvents | undefined {
  try {
    return openProcessEvents();
  } catch (error) {
    telemetry.log.warn({ message: messageOf(error) }, 'processes are looked at once a minute');
    return undefined;
  }
}
