import { create } from '@bufbuild/protobuf';
import { type Outcome, OutcomeSchema, TASK_STATES } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

const MAX_REASON_LENGTH = 64;
const MAX_MESSAGE_LENGTH = 2_000;

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
  return create(OutcomeSchema, {
    ...outcome,
    reason: outcome.reason.slice(0, MAX_REASON_LENGTH),
    message: outcome.message.slice(0, MAX_MESSAGE_LENGTH),
  });
}
