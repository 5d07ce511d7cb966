import { messageOf } from '@kube-eagle/profile';
import type { Telemetry } from '../telemetry.ts';
import { type Report, reportEnd, type TaskOutcome } from './reporter.ts';
import { runTask, type TaskPorts } from './run-task.ts';
import { refusalOf, type TaskRequest } from './task-request.ts';

/** The tasks of this node. */
export interface TaskDesk {
  /** Begins a task; one that is under way goes on, as a server may ask again. */
  start(request: TaskRequest): void;
  cancel(taskId: string): void;
  /** Cancels all, and resolves once each has ended and said so, or could not. */
  end(): Promise<void>;
}

export interface DeskPorts extends TaskPorts {
  readonly report: Report;
  readonly telemetry: Telemetry;
  readonly random: () => number;
}

interface Running {
  readonly cancelling: AbortController;
  readonly ended: Promise<void>;
}

/** A desk where no task runs. `signal` ends all of them at once. */
export function createTaskDesk(ports: DeskPorts, signal: AbortSignal): TaskDesk {
  const { limits, telemetry, report } = ports;
  const running = new Map<string, Running>();

  async function run(request: TaskRequest, cancelling: AbortController): Promise<void> {
    const { taskId, durationMs } = request;
    const ms = Math.min(durationMs || 0, limits.taskDurationMs) + limits.taskGraceMs;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.round(ms))]);
    const outcome = await runTask(request, ports, {
      cancelled: cancelling.signal,
      deadline,
      progress(outcome) {
        report(taskId, outcome, deadline).then(
          ({ cancelled }) => cancelled && cancelling.abort(),
          (error) =>
            telemetry.log.warn({ task: taskId, message: messageOf(error) }, 'not reported'),
        );
      },
    });
    if (outcome.state === 'failed') telemetry.count('tasks_failed');
    telemetry.count('processes_left_out', outcome.processesLeftOut);
    telemetry.log.info({ task: taskId, ...outcome }, 'task ended');
    await reportEnd(ports, taskId, outcome, deadline);
  }

  function refuse(request: TaskRequest): boolean {
    const refusal = refusalOf(request, running.size, limits);
    if (!refusal) return false;
    telemetry.count('tasks_refused');
    const nothing = { samples: 0, processes: [], processesLeftOut: 0 };
    const outcome: TaskOutcome = { state: 'failed', ...refusal, ...nothing };
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.taskGraceMs)]);
    void reportEnd(ports, request.taskId, outcome, deadline);
    return true;
  }

  return {
    start(request) {
      const { taskId } = request;
      if (running.has(taskId) || refuse(request)) return;
      telemetry.count('tasks_started');
      telemetry.log.info(request, 'task started');
      const cancelling = new AbortController();
      const ended = run(request, cancelling).finally(() => running.delete(taskId));
      running.set(taskId, { cancelling, ended });
    },
    cancel: (taskId) => running.get(taskId)?.cancelling.abort(),
    async end() {
      for (const { cancelling } of running.values()) cancelling.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
