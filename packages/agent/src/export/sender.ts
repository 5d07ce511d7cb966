import { randomUUID } from 'node:crypto';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { type Bell, createBell } from './bell.ts';
import type { Deliver, Delivery } from './deliver.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { backoffMs } from './retry.ts';

/** Where a batch ended: the server has it, or will never have it and why. */
export type BatchEnd =
  | { readonly kind: 'sent' }
  | { readonly kind: 'dropped'; readonly message: string };

/** Sends what is in the outbox, and keeps it there until the server has it. */
export interface Sender {
  /** Keeps a compressed request; it is sent in its turn. */
  send(body: Uint8Array): Promise<void>;
  /** Keeps a request and sends it before and beside all others. */
  sendUrgently(body: Uint8Array): Promise<{ readonly ended: Promise<BatchEnd> }>;
  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Tries at once, and waits until the outbox is empty or `signal` aborts. */
  flush(signal: AbortSignal): Promise<void>;
  /** To be told by the outbox that a batch went because a bound was hit. */
  dropped(entry: OutboxEntry): void;
}

export interface SenderPorts {
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly random: () => number;
}

/** One of the two ways through the sender. */
interface Lane {
  readonly next: () => OutboxEntry | undefined;
  readonly maxWaitMs: number;
}

/** What lanes share. */
interface LaneParts extends SenderPorts {
  readonly added: Bell;
  readonly hurried: Bell;
  readonly settle: Settle;
  readonly end: End;
}

type End = (entry: OutboxEntry, how: BatchEnd) => void;
type Settle = (entry: OutboxEntry, delivery: Delivery) => Promise<Settled>;

/**
 * A sender with two lanes, one request of each in flight. Urgent batches go oldest first; the others
 * in turn the oldest and the newest, so that after an outage the present shows at once.
 */
export function createSender(ports: SenderPorts): Sender {
  const { outbox, telemetry } = ports;
  const urgent = new Map<string, (end: BatchEnd) => void>();
  const added = createBell();
  const removed = createBell();
  const hurried = createBell();

  function end(entry: OutboxEntry, how: BatchEnd): void {
    urgent.get(entry.id)?.(how);
    urgent.delete(entry.id);
    removed.ring();
  }

  async function keep(id: string, body: Uint8Array): Promise<void> {
    await outbox.add({ id, body });
    telemetry.count('batches_written');
    added.ring();
  }

  const parts = { ...ports, added, hurried, end, settle: createSettle(ports, end) };
  const lanes = createLanes(ports, (id) => urgent.has(id));
  return {
    async send(body) {
      await keep(randomUUID(), body);
    },
    async sendUrgently(body) {
      const { promise, resolve } = Promise.withResolvers<BatchEnd>();
      const id = randomUUID();
      urgent.set(id, resolve);
      await keep(id, body);
      return { ended: promise };
    },
    async run(signal) {
      await Promise.all(lanes.map((lane) => runLane(lane, parts, signal)));
    },
    async flush(signal) {
      hurried.ring();
      while (outbox.entries().length > 0 && !signal.aborted) await removed.wait(signal);
    },
    dropped(entry) {
      telemetry.count('outbox_dropped');
      end(entry, { kind: 'dropped', message: 'the outbox was full of newer batches' });
    },
  };
}

function createLanes(
  { outbox, limits }: SenderPorts,
  isUrgent: (id: string) => boolean,
): readonly Lane[] {
  let turn = 0;
  return [
    {
      next: () => outbox.entries().find(({ id }) => isUrgent(id)),
      maxWaitMs: limits.urgentRetryMs,
    },
    {
      next() {
        const waiting = outbox.entries().filter(({ id }) => !isUrgent(id));
        return turn++ % 2 === 0 ? waiting[0] : waiting.at(-1);
      },
      maxWaitMs: limits.retryMs,
    },
  ];
}

async function runLane(
  { next, maxWaitMs }: Lane,
  parts: LaneParts,
  signal: AbortSignal,
): Promise<void> {
  const { telemetry } = parts;
  let inVain = 0;
  while (!signal.aborted) {
    const entry = next();
    if (!entry) {
      await parts.added.wait(signal);
      continue;
    }
    const { isDone, waitMs: asked, why } = await tryOnce(entry, parts, signal);
    if (isDone) {
      if (inVain > 0) telemetry.log.info({ tries: inVain }, 'the server takes profiles again');
      inVain = 0;
      continue;
    }
    const waitMs = asked ?? backoffMs(inVain, maxWaitMs, parts.random);
    inVain++;
    telemetry.count('batches_retried');
    const waiting = parts.outbox.entries().length;
    telemetry.log.warn({ ...why, waitMs, waiting }, 'not sent');
    await parts.hurried.wait(signal, waitMs);
  }
}

async function tryOnce(
  entry: OutboxEntry,
  { outbox, deliver, settle, end }: LaneParts,
  signal: AbortSignal,
): Promise<Settled> {
  const batch = await outbox.read(entry);
  if (!batch) {
    end(entry, { kind: 'dropped', message: 'the file of the batch was damaged or is gone' });
    return { isDone: true };
  }
  const delivery = await deliver(batch, signal);
  // Asked to stop, a try that did not come through says nothing of the batch.
  return signal.aborted && delivery.kind !== 'sent' ? { isDone: true } : settle(entry, delivery);
}

/** What a delivery means for its batch. A batch that makes the server fail too often is dropped. */
function createSettle({ outbox, limits, telemetry }: SenderPorts, end: End): Settle {
  const failures = new Map<string, number>();

  async function drop(entry: OutboxEntry, message: string): Promise<Settled> {
    telemetry.count('batches_refused');
    telemetry.log.error({ batch: entry.id, message }, 'batch dropped: the server refused it');
    failures.delete(entry.id);
    await outbox.remove(entry);
    end(entry, { kind: 'dropped', message });
    return { isDone: true };
  }

  return async (entry, delivery) => {
    const why = { kind: delivery.kind, message: delivery.message };
    switch (delivery.kind) {
      case 'sent':
        await outbox.remove(entry);
        failures.delete(entry.id);
        noteSent(entry, delivery, telemetry);
        end(entry, { kind: 'sent' });
        return { isDone: true };
      case 'refused':
        return drop(entry, delivery.message);
      case 'failed': {
        const times = (failures.get(entry.id) ?? 0) + 1;
        failures.set(entry.id, times);
        return times < limits.failuresOfBatch
          ? { isDone: false, why }
          : drop(entry, delivery.message);
      }
      case 'shut':
        return { isDone: false, waitMs: limits.refusedRetryMs, why };
      case 'later':
        return { isDone: false, waitMs: delivery.waitMs, why };
    }
  };
}

/** Whether the batch is out of the way; else why not, and how long to wait if the server said so. */
interface Settled {
  readonly isDone: boolean;
  readonly waitMs?: number | undefined;
  readonly why?: { readonly kind: string; readonly message: string };
}

function noteSent(
  entry: OutboxEntry,
  { rejectedProfiles, message }: Extract<Delivery, { readonly kind: 'sent' }>,
  telemetry: Telemetry,
): void {
  telemetry.count('batches_sent');
  telemetry.count('bytes_sent', entry.sizeBytes);
  if (rejectedProfiles === 0) return;
  telemetry.count('profiles_rejected', rejectedProfiles);
  telemetry.log.warn({ batch: entry.id, rejectedProfiles, message }, 'profiles rejected');
}
