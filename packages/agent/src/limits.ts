const MIB = 1024 * 1024;

/** Every bound of the agent. What each one drops or refuses has a counter in telemetry.ts. */
export interface Limits {
  /** Bytes of batches on disk; the oldest go first. */
  readonly outboxBytes: number;
  readonly outboxBatches: number;
  /** Bytes of batches in memory while the disk takes none. */
  readonly memoryBytes: number;
  /** Unwind tables on disk; those used longest ago go first. */
  readonly tableBytes: number;
  /** Until a request has its whole answer. */
  readonly requestTimeoutMs: number;
  /** Of an answer, what is read. */
  readonly answerBytes: number;
  /** Longest wait between two tries, whatever a server asks for. */
  readonly retryMs: number;
  /** The same for results of tasks, which somebody waits for. */
  readonly urgentRetryMs: number;
  /** Wait after the server did not let this agent in. */
  readonly refusedRetryMs: number;
  /** Tries of a batch that makes the server fail, as opposed to not answer. */
  readonly failuresOfBatch: number;
  readonly tasksAtOnce: number;
  readonly taskRateHz: number;
  readonly taskDurationMs: number;
  /** What a task may take beyond its duration to send its result and to report. */
  readonly taskGraceMs: number;
  /** A stream that is silent so long is dead. */
  readonly streamSilenceMs: number;
  /** Running containers that are known by name. */
  readonly containers: number;
  /** Processes that are reported and found by name. */
  readonly processes: number;
  /** Of what a container runtime answers at once: a list, an event. */
  readonly containerAnswerBytes: number;
  readonly containerAnswerMs: number;
  /** Least time between two lists of a runtime that tells of no events. */
  readonly containerListPauseMs: number;
  /** Between the signal to stop and the end. */
  readonly stopMs: number;
}

/** The bounds of an agent on a node. */
export const LIMITS: Limits = {
  outboxBytes: 256 * MIB,
  outboxBatches: 20_000,
  memoryBytes: 16 * MIB,
  tableBytes: 64 * MIB,
  requestTimeoutMs: 30_000,
  answerBytes: 64 * 1024,
  retryMs: 60_000,
  urgentRetryMs: 2_000,
  refusedRetryMs: 60_000,
  failuresOfBatch: 5,
  tasksAtOnce: 4,
  taskRateHz: 1_000,
  taskDurationMs: 3_600_000,
  taskGraceMs: 25_000,
  streamSilenceMs: 30_000,
  containers: 4_096,
  processes: 16_384,
  containerAnswerBytes: 16 * MIB,
  containerAnswerMs: 10_000,
  containerListPauseMs: 1_000,
  stopMs: 3_000,
};
