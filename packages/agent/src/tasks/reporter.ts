import { Code, ConnectError } from '@connectrpc/connect';
import type { Reason, TaskState } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import { createBell } from '../export/bell.ts';
import { backoffMs } from '../export/retry.ts';
import type { Telemetry } from '../telemetry.ts';

/** What became of a task on one process. */
export interface ProcessOutcome {
  readonly pid: number;
  readonly comm: string;
  /** Empty where it was not looked at. */
  readonly language: string;
  readonly profiler: string;
  readonly state: Extract<TaskState, 'running' | 'done' | 'failed' | 'cancelled'>;
  readonly reason: Reason | '';
  readonly message: string;
  readonly samples: number;
}

/** What became of a task on this node. */
export interface TaskOutcome {
  readonly state: Extract<TaskState, 'running' | 'done' | 'partial' | 'failed' | 'cancelled'>;
  readonly reason: Reason | '';
  /** What was expected, what came, what to do; empty while all is well. */
  readonly message: string;
  readonly samples: number;
  /** Where processes, containers or services were named. */
  readonly processes: readonly ProcessOutcome[];
  readonly processesLeftOut: number;
}

/** Tells the server once. `cancelled` means that nobody wants the task any more. */
export type Report = (
  taskId: string,
  outcome: TaskOutcome,
  signal: AbortSignal,
) => Promise<{ readonly cancelled: boolean }>;

const MAX_WAIT_MS = 5_000;

/** A server that knows no such task or agent will not know it the next time either. */
const HOPELESS: readonly Code[] = [Code.InvalidArgument, Code.NotFound, Code.Unimplemented];

export interface ReporterPorts {
  readonly report: Report;
  readonly telemetry: Telemetry;
  readonly random: () => number;
}

/** Tells the server how a task ended, again and again until it knows or `signal` aborts. */
export async function reportEnd(
  { report, telemetry, random }: ReporterPorts,
  taskId: string,
  outcome: TaskOutcome,
  signal: AbortSignal,
): Promise<void> {
  const bell = createBell();
  let why = 'the time was over';
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await report(taskId, outcome, signal);
      return;
    } catch (error) {
      why = messageOf(error);
      if (HOPELESS.includes(ConnectError.from(error).code)) break;
      await bell.wait(signal, backoffMs(failures, MAX_WAIT_MS, random));
    }
  }
  telemetry.count('reports_lost');
  telemetry.log.error({ task: taskId, state: outcome.state, why }, 'end of task not reported');
}
