import { randomUUID } from 'node:crypto';
import { createBell } from './bell.ts';
import { type LanePorts, runLane } from './lane.ts';
import type { OutboxEntry } from './outbox.ts';

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

export type SenderPorts = Omit<LanePorts, 'end' | 'added' | 'hurried'>;

/**
 * A sender with two lanes, one request of each in flight. Urgent batches go oldest first; the others
 * in turn the oldest and the newest, so that after an outage the present shows at once.
 */
export function createSender(ports: SenderPorts): Sender {
  const { outbox, limits, telemetry } = ports;
  const urgent = new Map<string, (end: BatchEnd) => void>();
  const added = createBell();
  const removed = createBell();
  const hurried = createBell();
  let turn = 0;

  function end({ id }: OutboxEntry, how: BatchEnd): void {
    urgent.get(id)?.(how);
    urgent.delete(id);
    removed.ring();
  }

  async function keep(id: string, body: Uint8Array): Promise<void> {
    await outbox.add({ id, body });
    telemetry.count('batches_written');
    added.ring();
  }

  const nextUrgent = (): OutboxEntry | undefined =>
    outbox.entries().find(({ id }) => urgent.has(id));

  function nextOther(): OutboxEntry | undefined {
    const waiting = outbox.entries().filter(({ id }) => !urgent.has(id));
    return turn++ % 2 === 0 ? waiting[0] : waiting.at(-1);
  }

  return {
    send: (body) => keep(randomUUID(), body),
    async sendUrgently(body) {
      const { promise, resolve } = Promise.withResolvers<BatchEnd>();
      const id = randomUUID();
      // Before it can be seen in the outbox, where the other lane would take it.
      urgent.set(id, resolve);
      await keep(id, body);
      return { ended: promise };
    },
    async run(signal) {
      const lane = { ...ports, end, added, hurried };
      await Promise.all([
        runLane(lane, { next: nextUrgent, maxWaitMs: limits.urgentRetryMs }, signal),
        runLane(lane, { next: nextOther, maxWaitMs: limits.retryMs }, signal),
      ]);
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
