const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Every bound of the server, as it is unless set otherwise: `[value, unit]`. */
const BOUNDS = {
  connections: [4_096, 'connections'],
  /** Until a peer has sent enough to tell HTTP/1.1 from HTTP/2. */
  preface_timeout: [10_000, 'ms'],
  headers_timeout: [15_000, 'ms'],
  /** Until a request has come whole. */
  body_timeout: [120_000, 'ms'],
  /** How long the rest of a refused body is read and thrown away. */
  discard_timeout: [2_000, 'ms'],
  /** How long a connection without a request stays open. */
  idle_timeout: [75_000, 'ms'],
  header_bytes: [32 * 1024, 'bytes'],
  /** How long an HTTP/2 peer with open streams may leave a ping without an answer. */
  ping_timeout: [30_000, 'ms'],
  streams_per_connection: [256, 'streams'],
  body_bytes: [64 * MIB, 'bytes'],
  decoded_body_bytes: [256 * MIB, 'bytes'],
  /** A question, as opposed to profiles. */
  message_bytes: [4 * MIB, 'bytes'],
  /** Bodies being read, decoded or committed, all together. */
  ingest_in_flight_bytes: [512 * MIB, 'bytes'],
  /** Exports over gRPC that are being read. */
  grpc_exports: [64, 'requests'],
  store_timeout: [60_000, 'ms'],
  row_age: [7 * DAY_MS, 'ms'],
  row_ahead: [10 * 60 * 1_000, 'ms'],
  tracked_nodes: [10_000, 'nodes'],
  flame_nodes: [1_048_576, 'nodes'],
  top_functions: [10_000, 'functions'],
  label_values: [10_000, 'values'],
  timeline_buckets: [11_000, 'buckets'],
  timeline_groups: [1_000, 'groups'],
  queries_at_once: [16, 'queries'],
  query_timeout: [60_000, 'ms'],
  /** Objects of one kind that are kept of a Kubernetes cluster. */
  cluster_objects: [200_000, 'objects'],
  /** Containers that are remembered after their end, so that what comes late is named. */
  cluster_past_containers: [20_000, 'containers'],
  resolved_targets: [10_000, 'targets'],
  agents_connected: [10_000, 'agents'],
  /** Messages that wait for an agent to read them. */
  agent_queue: [256, 'messages'],
  /** What agents report to run on their nodes, all together. */
  inventory_bytes: [256 * MIB, 'bytes'],
  /** Nodes in one answer of what runs. */
  inventory_nodes: [200, 'nodes'],
  tasks_open: [100, 'tasks'],
  task_watchers: [1_000, 'streams'],
  task_targets: [64, 'targets'],
  /** What the targets of a task may be resolved to, all together. */
  task_places: [10_000, 'targets'],
  task_duration: [3_600_000, 'ms'],
  task_rate: [1_000, 'Hz'],
  /** How long a task waits for an agent that has left. */
  agent_lease: [20_000, 'ms'],
  /** What a task may take beyond its duration. */
  task_grace: [30_000, 'ms'],
  /** What a cancelled task may take to send what it has. */
  cancel_grace: [5_000, 'ms'],
} as const satisfies Record<string, readonly [value: number, unit: string]>;

export type LimitName = keyof typeof BOUNDS;

export interface Limit {
  readonly name: LimitName;
  readonly value: number;
  readonly unit: string;
  /** Times it refused, dropped or cut something since start. */
  readonly hits: number;
}

/** The server's bounds, and how often each was hit. */
export interface Limits {
  value(name: LimitName): number;
  /** Counts that a bound refused, dropped or cut something. */
  hit(name: LimitName, times?: number): void;
  list(): readonly Limit[];
}

/** All bounds with their usual values, except those set here. */
export function createLimits(values: Partial<Record<LimitName, number>> = {}): Limits {
  const names = Object.keys(BOUNDS) as LimitName[];
  const hits = new Map<LimitName, number>();
  const value = (name: LimitName): number => values[name] ?? BOUNDS[name][0];
  return {
    value,
    hit(name, times = 1) {
      hits.set(name, (hits.get(name) ?? 0) + times);
    },
    list: () =>
      names.map((name) => ({
        name,
        value: value(name),
        unit: BOUNDS[name][1],
        hits: hits.get(name) ?? 0,
      })),
  };
}
