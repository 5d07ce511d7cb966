import { EagleError, messageOf } from '@kube-eagle/profile';
import { createBell } from '../export/bell.ts';
import { backoffMs } from '../export/retry.ts';
import type { Telemetry } from '../telemetry.ts';
import type { ContainerSource } from './container-source.ts';
import type { ContainerTable } from './container-table.ts';

export interface FollowPorts {
  readonly sources: readonly ContainerSource[];
  readonly table: Pick<ContainerTable, 'apply'>;
  readonly retryMs: number;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  /** Called after each change. */
  readonly onChange: () => void;
}

/**
 * Keeps a table as its sources tell, each on its own, until `signal` aborts. One that breaks is opened
 * again, ever more slowly; what it told stays known meanwhile.
 */
export async function followContainers(ports: FollowPorts, signal: AbortSignal): Promise<void> {
  await Promise.all(ports.sources.map((source) => followOne(source, ports, signal)));
}

async function followOne(
  source: ContainerSource,
  { table, retryMs, telemetry, random, onChange }: FollowPorts,
  signal: AbortSignal,
): Promise<void> {
  const { runtime } = source;
  const bell = createBell();
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      for await (const change of source.watch(signal)) {
        failures = 0;
        table.apply(runtime, change);
        onChange();
      }
    } catch (error) {
      if (signal.aborted) return;
      const message = messageOf(error);
      // Most machines have no such runtime.
      if (isAbsent(error)) telemetry.log.debug({ runtime, message }, 'no container runtime');
      else {
        telemetry.count('container_source_failures');
        telemetry.log.warn({ runtime, message, failures }, 'names of containers not to be had');
      }
    }
    await bell.wait(signal, backoffMs(failures, retryMs, random));
  }
}

/** Whether the socket is not there. */
function isAbsent(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ((at as { readonly code?: unknown }).code === 'ENOENT') return true;
  }
  return error instanceof EagleError && /ENOENT/.test(error.message);
}
