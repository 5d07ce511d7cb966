import { create } from '@bufbuild/protobuf';
import {
  type Outcome,
  OutcomeSchema,
  type ProcessOutcome,
  ProcessOutcomeSchema,
  TASK_STATES,
} from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

const MAX_REASON_LENGTH = 64;
const MAX_MESSAGE_LENGTH = 2_000;

/** Processes of one outcome that are kept. */
const MAX_PROCESSES = 512;

/** What an agent can say of its part: all states but those that only the server knows. */
const REPORTABLE: readonly string[] = TASK_STATES.filter(
  (state) => state !== 'queued' && state !== 'merging' && state !== 'expired',
);

/** An agent's outcome within bounds. Throws `invalid_argument` for a state that is none. */
export function checkedOutcome(outcome: Outcome): Outcome {
  if (!REPORTABLE.includes(outcome.state)) {
    throw new EagleError(
      'invalid_argument',
      `expected a state of ${REPORTABLE.join(', ')}, got ${JSON.stringify(outcome.state.slice(0, 64))}`,
    );
  }
  if (!(outcome.samples >= 0 && Number.isFinite(outcome.samples))) {
    throw new EagleError('invalid_argument', `expected a count of samples, got ${outcome.samples}`);
  }
  const { processes, processesLeftOut } = outcome;
  return create(OutcomeSchema, {
    ...outcome,
    reason: outcome.reason.slice(0, MAX_REASON_LENGTH),
    message: outcome.message.slice(0, MAX_MESSAGE_LENGTH),
    processes: processes.slice(0, MAX_PROCESSES).map(withinBounds),
    processesLeftOut: processesLeftOut + Math.max(0, processes.length - MAX_PROCESSES),
  });
}

function withinBounds(process: ProcessOutcome): ProcessOutcome {
  const { comm, language, profiler, state, reason, message, samples } = process;
  const word = (text: string): string => text.slice(0, MAX_REASON_LENGTH);
  return create(ProcessOutcomeSchema, {
    ...process,
    ...{ comm: word(comm), language: word(language), profiler: word(profiler) },
    ...{ state: word(state), reason: word(reason) },
    message: message.slice(0, MAX_MESSAGE_LENGTH),
    samples: samples >= 0 && Number.isFinite(samples) ? samples : 0,
  });
}
