import { CODES } from '@kube-eagle/api';
import { EagleError, type ErrorCode } from '@kube-eagle/profile';

const statuses = new WeakMap<EagleError, number>();

/** An error with an HTTP status more exact than its code's: 413, 415. */
export function refusal(status: number, code: ErrorCode, message: string): EagleError {
  const error = new EagleError(code, message);
  statuses.set(error, status);
  return error;
}

/** The HTTP status to answer an error with. */
export function statusOf(error: EagleError): number {
  return statuses.get(error) ?? CODES[error.code].status;
}
