import type { Client } from '@connectrpc/connect';
import type { AgentService } from '@kube-eagle/api';
import { EagleError, messageOf, type Profile } from '@kube-eagle/profile';
import type { Containers } from './containers/open-containers.ts';
import { createBell } from './export/bell.ts';
import type { Deliver } from './export/deliver.ts';
import { createExporter, type Exporter } from './export/exporter.ts';
import { openOutbox } from './export/outbox.ts';
import { backoffMs } from './export/retry.ts';
import { createSender, type Sender } from './export/sender.ts';
import { createInventoryReporter, type InventoryReporter } from './inventory/inventory-reporter.ts';
import type { ProcessTable } from './inventory/process-table.ts';
import type { Limits } from './limits.ts';
import type { Profiler } from './profilers/profiler.ts';
import { createResourceTable } from './profilers/resource-table.ts';
import type { OpenedSampler } from './sampler/open-sampler.ts';
import type { SampleRequest } from './sampler/sampler.ts';
import type { Symbolizer } from './symbols/symbolizer.ts';
import type { RunningHere } from './tasks/find-subjects.ts';
import { type AgentIdentity, followWork } from './tasks/follow-work.ts';
import { createTaskDesk, type TaskDesk } from './tasks/task-desk.ts';
import type { Telemetry } from './telemetry.ts';

const WINDOW_MS = 10_000;
const COUNTERS_EVERY_MS = 60_000;

/** What an agent is made of. */
export interface AgentPorts {
  readonly openSampler: (request: SampleRequest) => Promise<OpenedSampler>;
  readonly symbolizer: Symbolizer;
  /** Of tasks, in the order that `auto` prefers them. */
  readonly profilers: readonly Profiler[];
  readonly encode: (profile: Profile) => Uint8Array;
  readonly deliver: Deliver;
  readonly client: Client<typeof AgentService>;
  readonly here: RunningHere;
  readonly containers: Containers;
  /** Of all processes of this machine. */
  readonly processes: ProcessTable;
  readonly outboxDirectory: string;
  readonly identity: Omit<AgentIdentity, 'sampler'>;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** CPU seconds and resident bytes of this process. */
  readonly usage: () => { readonly cpuSeconds: number; readonly rssBytes: number };
}

/**
 * Samples, names and sends until `signal` aborts; then sends a last short window, for as long as
 * `limits.stopMs`. What was not sent stays in the outbox. Nothing that fails on the way ends it.
 */
export async function runAgent(ports: AgentPorts, signal: AbortSignal): Promise<void> {
  const { telemetry, limits } = ports;
  const over = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => over.abort(), limits.stopMs).unref());
  const sender = await openSender(ports);
  const exporter = createExporter({
    ...ports,
    sender,
    labelsOfContainer: ports.containers.labelsOf,
  });
  const inventory = createReporter(ports);
  const counting = setInterval(() => logCounters(ports), COUNTERS_EVERY_MS);
  const sending = sender.run(over.signal);
  try {
    const state = createSamplerState();
    await Promise.all([
      sampleAlways(ports, { exporter, state, over: over.signal }, signal),
      doTasks(ports, { exporter, state, inventory, over: over.signal }, signal),
      inventory.run(signal),
      ports.containers.follow(inventory.changed, signal),
    ]);
    await sender.flush(over.signal);
  } finally {
    over.abort();
    await sending;
    clearInterval(counting);
    logCounters(ports);
  }
  telemetry.log.info('stopped');
}

interface Parts {
  readonly exporter: Exporter;
  readonly state: SamplerState;
  /** Aborts when even the last window must be done. */
  readonly over: AbortSignal;
}

/** Tells the server what runs here, over the connection that tasks come by. */
function createReporter(ports: AgentPorts): InventoryReporter {
  const { client, identity, limits, processes: table } = ports;
  return createInventoryReporter({
    ...ports,
    table,
    send: (inventory, signal) =>
      client.reportInventory(
        { agentId: identity.id, inventory },
        { signal, timeoutMs: limits.requestTimeoutMs },
      ),
  });
}

/** Which driver samples, known once the first one was tried. */
interface SamplerState {
  driver: string;
  readonly tried: Promise<void>;
  readonly setTried: () => void;
}

function createSamplerState(): SamplerState {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { driver: 'none', tried: promise, setTried: resolve };
}

async function openSender(ports: AgentPorts): Promise<Sender> {
  const { limits, telemetry } = ports;
  let onDropped: Sender['dropped'] = () => telemetry.count('outbox_dropped');
  const outbox = await openOutbox({
    directory: ports.outboxDirectory,
    maxBytes: limits.outboxBytes,
    maxBatches: limits.outboxBatches,
    maxMemoryBytes: limits.memoryBytes,
    nowMs: ports.nowMs,
    events: {
      dropped: (entry) => onDropped(entry),
      garbage(path) {
        telemetry.count('outbox_garbage');
        telemetry.log.warn({ path }, 'removed from the outbox: not a whole batch');
      },
      inMemory(_entry, problem) {
        telemetry.count('outbox_memory');
        telemetry.log.error({ problem }, 'the disk takes no batch: kept in memory until it does');
      },
    },
  });
  const sender = createSender({ ...ports, outbox });
  onDropped = sender.dropped;
  return sender;
}

/** Continuous windows, with a new sampler where one fails. */
async function sampleAlways(ports: AgentPorts, parts: Parts, signal: AbortSignal): Promise<void> {
  const { telemetry, limits, random } = ports;
  const bell = createBell();
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await sampleOnce(ports, parts, signal, () => {
        failures = 0;
      });
      if (signal.aborted) return;
      throw new EagleError('unavailable', 'expected windows until the end, the sampler stopped');
    } catch (error) {
      telemetry.count('sampler_failures');
      telemetry.log.error({ message: messageOf(error) }, 'sampler failed: tried again');
    } finally {
      parts.state.driver = 'none';
      parts.state.setTried();
    }
    await bell.wait(signal, backoffMs(failures, limits.retryMs, random));
  }
}

async function sampleOnce(
  ports: AgentPorts,
  { exporter, state, over }: Parts,
  signal: AbortSignal,
  onWindow: () => void,
): Promise<void> {
  const { rateHz, node } = ports.identity;
  const request = { rateHz, windowMs: WINDOW_MS, pids: [] };
  const { sampler, driver, findings } = await ports.openSampler(request);
  await using _sampler = sampler;
  state.driver = driver;
  state.setTried();
  ports.telemetry.log.info({ driver, rateHz, findings }, 'sampling');
  const origin = { node, profiler: driver, taskId: '' };
  for await (const window of sampler.windows(signal)) {
    onWindow();
    await exporter.export(window, origin, over).catch((error) => {
      ports.telemetry.count('windows_failed');
      ports.telemetry.log.error({ message: messageOf(error) }, 'window lost');
    });
  }
}

/** Tasks, once it is known what samples here. */
async function doTasks(
  ports: AgentPorts,
  parts: Parts & { readonly inventory: InventoryReporter },
  signal: AbortSignal,
): Promise<void> {
  const { exporter, state, inventory, over } = parts;
  const { client, identity } = ports;
  const desk: TaskDesk = createTaskDesk(
    {
      ...ports,
      exporter,
      resources: createResourceTable(),
      node: identity.node,
      async report(taskId, outcome, reportSignal) {
        const { node, id: agentId } = identity;
        const processes = [...outcome.processes];
        const request = { agentId, taskId, outcome: { ...outcome, processes, node } };
        return await client.report(request, { signal: reportSignal });
      },
    },
    over,
  );
  await state.tried;
  const who = (): AgentIdentity => ({ ...identity, sampler: state.driver });
  const { wanted: inventoryWanted } = inventory;
  await followWork({ ...ports, identity: who, desk, inventoryWanted }, signal);
  await desk.end();
}

function logCounters({ telemetry, usage }: AgentPorts): void {
  telemetry.log.info({ ...telemetry.counters(), ...usage() }, 'counters');
}
