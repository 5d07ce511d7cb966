import type { Client } from '@connectrpc/connect';
import type { AgentService, WorkResponse } from '@kube-eagle/api';
import { EagleError, messageOf } from '@kube-eagle/profile';
import { createBell } from '../export/bell.ts';
import { backoffMs } from '../export/retry.ts';
import type { Limits } from '../limits.ts';
import type { Finding } from '../sampler/findings.ts';
import type { Telemetry } from '../telemetry.ts';
import type { TaskDesk } from './task-desk.ts';

/** What the agent says it is, as agent.proto has it. */
export interface AgentIdentity {
  readonly id: string;
  readonly node: string;
  readonly version: string;
  readonly kernel: string;
  readonly arch: string;
  /** Name of the driver that samples, or none. */
  readonly sampler: string;
  readonly findings: readonly Finding[];
  readonly rateHz: number;
}

export interface WorkPorts {
  readonly client: Client<typeof AgentService>;
  /** Asked anew for each stream. */
  readonly identity: () => AgentIdentity;
  readonly desk: Pick<TaskDesk, 'start' | 'cancel'>;
  /** Called when the server asks what runs here. */
  readonly inventoryWanted: () => void;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly random: () => number;
}

/** Keeps a stream to the server and does what comes over it, until `signal` aborts. */
export async function followWork(ports: WorkPorts, signal: AbortSignal): Promise<void> {
  const { limits, telemetry, random } = ports;
  const bell = createBell();
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await followStream(ports, signal, () => {
        failures = 0;
      });
    } catch (error) {
      if (signal.aborted) return;
      telemetry.count('stream_failures');
      telemetry.log.warn({ message: messageOf(error), failures }, 'no tasks: stream broken');
    }
    await bell.wait(signal, backoffMs(failures, limits.retryMs / 4, random));
  }
}

/** One stream from its begin to its end. Throws where it breaks or is silent for too long. */
async function followStream(
  ports: WorkPorts,
  signal: AbortSignal,
  onMessage: () => void,
): Promise<void> {
  const { client, identity, limits, telemetry } = ports;
  const silence = new AbortController();
  const silent = (): void =>
    silence.abort(
      new EagleError(
        'unavailable',
        `expected a heartbeat, got none in ${limits.streamSilenceMs} ms`,
      ),
    );
  let timer = setTimeout(silent, limits.streamSilenceMs);
  const { findings, ...who } = identity();
  const agent = { ...who, findings: [...findings] };
  try {
    const stream = client.work({ agent }, { signal: AbortSignal.any([signal, silence.signal]) });
    for await (const message of stream) {
      clearTimeout(timer);
      timer = setTimeout(silent, limits.streamSilenceMs);
      onMessage();
      obey(message, ports);
    }
    telemetry.log.info('the server ended the stream');
  } finally {
    clearTimeout(timer);
  }
}

function obey({ kind }: WorkResponse, { desk, inventoryWanted }: WorkPorts): void {
  if (kind.case === 'start') desk.start(kind.value);
  if (kind.case === 'cancel') desk.cancel(kind.value);
  if (kind.case === 'inventoryWanted') inventoryWanted();
}
