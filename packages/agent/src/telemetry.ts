import pino, { type DestinationStream, type Logger } from 'pino';

/** What the agent counts, since it started. */
export const COUNTERS = [
  'windows',
  'profiles',
  'samples',
  'samples_lost',
  'windows_failed',
  'windows_unnamed',
  'sampler_failures',
  'batches_written',
  'batches_sent',
  'bytes_sent',
  'batches_retried',
  'batches_refused',
  'profiles_rejected',
  'outbox_dropped',
  'outbox_garbage',
  'outbox_memory',
  'stream_failures',
  'tasks_started',
  'tasks_refused',
  'tasks_failed',
  'processes_left_out',
  'reports_lost',
  'container_source_failures',
  'container_garbage',
  'containers_dropped',
  'process_events_lost',
  'processes_dropped',
  'inventories_sent',
  'inventories_failed',
] as const;

export type CounterName = (typeof COUNTERS)[number];

/** What the agent says of itself. */
export interface Telemetry {
  readonly log: Logger;
  count(name: CounterName, times?: number): void;
  counters(): Readonly<Record<CounterName, number>>;
}

/** Logs as JSON lines to `destination`, counters from zero. */
export function createTelemetry(destination: DestinationStream, level = 'info'): Telemetry {
  const counters = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<
    CounterName,
    number
  >;
  return {
    log: pino(
      { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'msg' },
      destination,
    ),
    count(name, times = 1) {
      counters[name] += times;
    },
    counters: () => ({ ...counters }),
  };
}

/** Telemetry that counts and says nothing: for tests. */
export function createSilentTelemetry(): Telemetry {
  return createTelemetry({ write: () => {} }, 'silent');
}
