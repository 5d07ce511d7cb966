/**
 * What went wrong, as a caller must know it to decide. The sixteen names are those of gRPC and
 * Connect (https://connectrpc.com/docs/protocol/#error-codes), so a code survives every hop.
 */
export type ErrorCode =
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated';

export interface EagleErrorOptions extends ErrorOptions {
  /** How long a caller should wait before it tries again. */
  readonly retryAfterMs?: number;
}

/** The one error of the project. `message` says what was expected, what came, and what to do. */
export class EagleError extends Error {
  override readonly name = 'EagleError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: EagleErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
