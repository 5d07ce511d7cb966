import { parentPort } from 'node:worker_threads';
import { EagleError, type ErrorCode, messageOf, type Profile } from '@kube-eagle/profile';
import { ANSWERS, type AnswerName } from './answers.ts';

/** A question as it is posted to this worker. */
export interface WorkerQuestion {
  readonly id: number;
  readonly name: AnswerName;
  readonly profile: Profile;
  readonly question: unknown;
}

/** What it posts back. */
export type WorkerAnswer =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | {
      readonly kind: 'error';
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
    };

parentPort?.on('message', ({ id, name, profile, question }: WorkerQuestion) => {
  parentPort?.postMessage(answered(id, () => ANSWERS[name](profile, question as never)));
});

function answered(id: number, answer: () => unknown): WorkerAnswer {
  try {
    return { kind: 'answer', id, answer: answer() };
  } catch (error) {
    const code = error instanceof EagleError ? error.code : 'internal';
    return { kind: 'error', id, code, message: messageOf(error) };
  }
}
