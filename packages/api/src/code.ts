import { Code, ConnectError } from '@connectrpc/connect';
import { EagleError, type ErrorCode } from '@kube-eagle/profile';

/** What each error code is on the wire and to a shell. HTTP statuses are Connect's. */
export const CODES: Readonly<
  Record<ErrorCode, { readonly code: Code; readonly status: number; readonly retry: boolean }>
> = {
  canceled: { code: Code.Canceled, status: 499, retry: false },
  unknown: { code: Code.Unknown, status: 500, retry: false },
  invalid_argument: { code: Code.InvalidArgument, status: 400, retry: false },
  deadline_exceeded: { code: Code.DeadlineExceeded, status: 504, retry: true },
  not_found: { code: Code.NotFound, status: 404, retry: false },
  already_exists: { code: Code.AlreadyExists, status: 409, retry: false },
  permission_denied: { code: Code.PermissionDenied, status: 403, retry: false },
  resource_exhausted: { code: Code.ResourceExhausted, status: 429, retry: true },
  failed_precondition: { code: Code.FailedPrecondition, status: 400, retry: false },
  aborted: { code: Code.Aborted, status: 409, retry: true },
  out_of_range: { code: Code.OutOfRange, status: 400, retry: false },
  unimplemented: { code: Code.Unimplemented, status: 501, retry: false },
  internal: { code: Code.Internal, status: 500, retry: false },
  unavailable: { code: Code.Unavailable, status: 503, retry: true },
  data_loss: { code: Code.DataLoss, status: 500, retry: false },
  unauthenticated: { code: Code.Unauthenticated, status: 401, retry: false },
};

/** The error as it goes over the wire. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof EagleError) {
    return new ConnectError(error.message, CODES[error.code].code, undefined, undefined, error);
  }
  return ConnectError.from(error);
}

/** The error as it came over the wire. */
export function fromConnectError(error: unknown): EagleError {
  if (error instanceof EagleError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  const entry = Object.entries(CODES).find(([, value]) => value.code === code);
  return new EagleError((entry?.[0] ?? 'unknown') as ErrorCode, rawMessage, { cause: error });
}

/** Exit status of a command that ended with this error: 2 for what the user wrote, else 1. */
export function exitStatus(error: EagleError): number {
  if (error.code === 'canceled') return 130;
  return error.code === 'invalid_argument' ? 2 : 1;
}
