import pino, { type DestinationStream, type Logger } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Limits } from './limits.ts';

/** What the server says of itself. */
export interface Telemetry {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** From now on tells how many objects there are of each kind that is watched in a cluster. */
  observeCluster(objects: () => readonly { resource: string; objects: number }[]): void;
  /** All metrics in Prometheus' text form, and its content type. */
  exposition(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export interface Metrics {
  readonly requests: Counter<'route' | 'status'>;
  readonly requestSeconds: Histogram<'route'>;
  readonly batches: Counter<'outcome'>;
  readonly rows: Counter<'outcome'>;
  readonly bodyBytes: Counter<'form'>;
  readonly stacks: Counter<'quality'>;
  readonly stacksCut: Counter<'cause'>;
  readonly problems: Counter;
  readonly schemas: Counter<'version'>;
  readonly ingestSeconds: Histogram<'phase'>;
  readonly querySeconds: Histogram<'kind'>;
  readonly tasks: Counter<'state'>;
  readonly agentsConnected: Gauge;
  readonly clusterRequests: Counter<'resource' | 'verb'>;
  readonly clusterRestarts: Counter<'resource' | 'cause'>;
  readonly identity: Counter<'outcome'>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

function createMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `kube_eagle_${name}`, help, labelNames: [...labelNames], registers });
  const seconds = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram<L>({
      name: `kube_eagle_${name}_seconds`,
      help,
      labelNames: [...labelNames],
      buckets: SECONDS,
      registers,
    });
  return {
    requests: counter('http_requests_total', 'Requests answered.', ['route', 'status']),
    requestSeconds: seconds('http_request_duration', 'Until a request was answered.', ['route']),
    batches: counter('ingest_batches_total', 'Batches by what became of them.', ['outcome']),
    rows: counter('ingest_rows_total', 'Rows stored, rejected by their time, or expired.', [
      'outcome',
    ]),
    bodyBytes: counter('ingest_bytes_total', 'Bytes of profiles as they were decoded.', ['form']),
    stacks: counter('stacks_total', 'Stacks stored, and of them those less than whole or sure.', [
      'quality',
    ]),
    stacksCut: counter('stacks_cut_total', 'Stacks cut short, by why.', ['cause']),
    problems: counter('ingest_problems_total', 'What readers did not understand.'),
    schemas: counter('ingest_otlp_schema_total', 'Batches by OTLP schema.', ['version']),
    ingestSeconds: seconds('ingest_duration', 'Time a batch took.', ['phase']),
    querySeconds: seconds('query_duration', 'Time a query took.', ['kind']),
    tasks: counter('tasks_total', 'Tasks that ended.', ['state']),
    agentsConnected: new Gauge({
      name: 'kube_eagle_agents_connected',
      help: 'Agents with a stream to this server.',
      registers,
    }),
    clusterRequests: counter('cluster_requests_total', 'Requests made to the Kubernetes API.', [
      'resource',
      'verb',
    ]),
    clusterRestarts: counter(
      'cluster_watch_restarts_total',
      'Lists and watches begun again, by why.',
      ['resource', 'cause'],
    ),
    identity: counter(
      'identity_series_total',
      'Series of containers by whether their pod was known.',
      ['outcome'],
    ),
  } satisfies Metrics;
}

/** Metrics of their own registry, logs as JSON lines to `destination`. */
export function createTelemetry(
  limits: Limits,
  destination: DestinationStream,
  level = 'info',
): Telemetry {
  const registry = new Registry();
  const metrics = createMetrics(registry);
  collectDefaultMetrics({ register: registry, prefix: 'kube_eagle_' });
  new Counter({
    name: 'kube_eagle_limit_hits_total',
    help: 'Times a bound refused, dropped or cut something.',
    labelNames: ['limit'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, hits } of limits.list()) this.inc({ limit: name }, hits);
    },
  });
  return {
    log: pino(
      { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'msg' },
      destination,
    ),
    metrics,
    observeCluster(objects) {
      new Gauge({
        name: 'kube_eagle_cluster_objects',
        help: 'Objects that are known of the Kubernetes cluster.',
        labelNames: ['resource'],
        registers: [registry],
        collect() {
          this.reset();
          for (const { resource, objects: count } of objects()) this.set({ resource }, count);
        },
      });
    },
    exposition: async () => ({
      text: await registry.metrics(),
      contentType: registry.contentType,
    }),
  };
}

/** Telemetry that says nothing: for tests. */
export function createSilentTelemetry(limits: Limits): Telemetry {
  return createTelemetry(limits, { write: () => {} }, 'silent');
}
