import { randomUUID } from 'node:crypto';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { createBell } from './bell.ts';
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

/**
 * A sender with two lanes, one request of each in flight. Urgent batches go oldest first; the others
 * in turn the oldest and the newest, so that after an outage the present shows at once.
 */
export function createSender(ports: SenderPorts): Sender {
  const { outbox, limits, telemetry } = ports;
  const urgent = new Map<string, (end: BatchEnd) => void>();
  const failures = new Map<string, number>();
  const added = createBell();
  const removed = createBell();
  const hurried = createBell();
  let turn = 0;

  function end(entry: OutboxEntry, how: BatchEnd): void {
    urgent.get(entry.id)?.(how);
    urgent.delete(entry.id);
    failures.delete(entry.id);
    removed.ring();
  }

  async function keep(id: string, body: Uint8Array): Promise<void> {
    await outbox.add({ id, body });
    telemetry.count('batches_written');
    added.ring();
  }

  async function drop(entry: OutboxEntry, message: string): Promise<void> {
    telemetry.count('batches_refused');
    telemetry.log.error({ batch: entry.id, message }, 'batch dropped: the server refused it');
    await outbox.remove(entry);
    end(entry, { kind: 'dropped', message });
  }

  /** Whether the batch is out of the way; else how long to wait, where the server said so. */
  async function settle(entry: OutboxEntry, delivery: Delivery): Promise<Settled> {
    switch (delivery.kind) {
      case 'sent':
        await outbox.remove(entry);
        noteSent(entry, delivery, telemetry);
        end(entry, { kind: 'sent' });
        return { isDone: true };
      case 'refused':
        await drop(entry, delivery.message);
        return { isDone: true };
      case 'failed': {
        const times = (failures.get(entry.id) ?? 0) + 1;
        failures.set(entry.id, times);
        if (times < limits.failuresOfBatch) return { isDone: false };
        await drop(entry, delivery.message);
        return { isDone: true };
      }
      case 'shut':
        return { isDone: false, waitMs: limits.refusedRetryMs };
      case 'later':
        return delivery.waitMs === undefined
          ? { isDone: false }
          : { isDone: false, waitMs: delivery.waitMs };
    }
  }

  async function runLane({ next, maxWaitMs }: Lane, signal: AbortSignal): Promise<void> {
    let inVain = 0;
    while (!signal.aborted) {
      const entry = next();
      if (!entry) {
        await added.wait(signal);
        continue;
      }
      const batch = await outbox.read(entry);
      if (!batch) {
        end(entry, { kind: 'dropped', message: 'the file of the batch was damaged or is gone' });
        continue;
      }
      const delivery = await ports.deliver(batch, signal);
      if (signal.aborted && delivery.kind !== 'sent') return;
      const settled = await settle(entry, delivery);
      if (settled.isDone) {
        if (inVain > 0) telemetry.log.info({ tries: inVain }, 'the server takes profiles again');
        inVain = 0;
        continue;
      }
      const waitMs = settled.waitMs ?? backoffMs(inVain, maxWaitMs, ports.random);
      inVain++;
      telemetry.count('batches_retried');
      const { kind, message } = delivery;
      telemetry.log.warn({ kind, message, waitMs, waiting: outbox.entries().length }, 'not sent');
      await hurried.wait(signal, waitMs);
    }
  }

  const lanes: readonly Lane[] = [
    {
      next: () => outbox.entries().find(({ id }) => urgent.has(id)),
      maxWaitMs: limits.urgentRetryMs,
    },
    {
      next() {
        const waiting = outbox.entries().filter(({ id }) => !urgent.has(id));
        return turn++ % 2 === 0 ? waiting[0] : waiting.at(-1);
      },
      maxWaitMs: limits.retryMs,
    },
  ];

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
      await Promise.all(lanes.map((lane) => runLane(lane, signal)));
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

type Settled = { readonly isDone: boolean; readonly waitMs?: number };

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
