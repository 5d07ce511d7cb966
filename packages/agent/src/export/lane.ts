import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Bell } from './bell.ts';
import type { Deliver, Delivery } from './deliver.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { backoffMs } from './retry.ts';
import type { BatchEnd } from './sender.ts';

export interface LanePorts {
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  /** Told once of each batch that is out of the way. */
  readonly end: (entry: OutboxEntry, how: BatchEnd) => void;
  /** Rings when there may be a next batch. */
  readonly added: Bell;
  /** Ends a wait between two tries. */
  readonly hurried: Bell;
}

/** One of the ways through the sender. */
export interface Lane {
  readonly next: () => OutboxEntry | undefined;
  /** Longest wait between two tries, unless the server asks for more. */
  readonly maxWaitMs: number;
}

/** Sends one batch after another until `signal` aborts, and waits while the server takes none. */
export async function runLane(ports: LanePorts, lane: Lane, signal: AbortSignal): Promise<void> {
  const { outbox, telemetry, added, hurried, random } = ports;
  const failures = new Map<string, number>();
  let inVain = 0;
  while (!signal.aborted) {
    const entry = lane.next();
    if (!entry) {
      await added.wait(signal);
      continue;
    }
    const delivery = await deliverEntry(ports, entry, signal);
    if (!delivery) continue;
    if (signal.aborted && delivery.kind === 'later') return;
    if (await isSettled(ports, entry, countFailure(delivery, entry, { failures, ports }))) {
      if (inVain > 0) telemetry.log.info({ tries: inVain }, 'the server takes profiles again');
      inVain = 0;
      continue;
    }
    const waitMs = askedWaitMs(delivery, ports.limits) ?? backoffMs(inVain, lane.maxWaitMs, random);
    inVain++;
    telemetry.count('batches_retried');
    const { kind, message } = delivery;
    telemetry.log.warn({ kind, message, waitMs, waiting: outbox.entries().length }, 'not sent');
    await hurried.wait(signal, waitMs);
  }
}

/** One try; `undefined` where the batch is gone or damaged, which the outbox has counted. */
async function deliverEntry(
  { outbox, deliver, end }: LanePorts,
  entry: OutboxEntry,
  signal: AbortSignal,
): Promise<Delivery | undefined> {
  const batch = await outbox.read(entry);
  if (batch) return await deliver(batch, signal);
  end(entry, { kind: 'dropped', message: 'the file of the batch was damaged or is gone' });
  return undefined;
}

/** A batch that made the server fail too often is taken to be the reason. */
function countFailure(
  delivery: Delivery,
  { id }: OutboxEntry,
  { failures, ports }: { readonly failures: Map<string, number>; readonly ports: LanePorts },
): Delivery {
  const times = (failures.get(id) ?? 0) + 1;
  failures.delete(id);
  if (delivery.kind !== 'failed') return delivery;
  if (times >= ports.limits.failuresOfBatch) return { ...delivery, kind: 'refused' };
  failures.set(id, times);
  return delivery;
}

/** Takes a batch out of the outbox where nothing more is to be done for it. */
async function isSettled(
  { outbox, telemetry, end }: LanePorts,
  entry: OutboxEntry,
  delivery: Delivery,
): Promise<boolean> {
  if (delivery.kind !== 'sent' && delivery.kind !== 'refused') return false;
  await outbox.remove(entry);
  const { message } = delivery;
  if (delivery.kind === 'refused') {
    telemetry.count('batches_refused');
    telemetry.log.error({ batch: entry.id, message }, 'batch dropped: the server cannot take it');
    end(entry, { kind: 'dropped', message });
    return true;
  }
  telemetry.count('batches_sent');
  telemetry.count('bytes_sent', entry.sizeBytes);
  const { rejectedProfiles } = delivery;
  if (rejectedProfiles > 0) {
    telemetry.count('profiles_rejected', rejectedProfiles);
    telemetry.log.warn({ batch: entry.id, rejectedProfiles, message }, 'profiles rejected');
  }
  end(entry, { kind: 'sent' });
  return true;
}

function askedWaitMs(delivery: Delivery, limits: Limits): number | undefined {
  if (delivery.kind === 'shut') return limits.refusedRetryMs;
  return delivery.kind === 'later' ? delivery.waitMs : undefined;
}
