import { EagleError, type ErrorCode, messageOf } from '@kube-eagle/profile';
import type { FastifyError } from 'fastify';
import { statusOf } from './refusal.ts';

/** An error as a REST client sees it. */
export interface ErrorReply {
  readonly status: number;
  readonly body: { readonly code: ErrorCode; readonly message: string };
  readonly headers: Readonly<Record<string, string>>;
}

/** Fastify's own refusals by their status. */
const FASTIFY_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  404: 'not_found',
  413: 'resource_exhausted',
  414: 'invalid_argument',
  415: 'invalid_argument',
};

/** What to answer for an error. One that is nobody's is `internal` and keeps its text. */
export function errorReply(error: unknown): ErrorReply {
  if (error instanceof EagleError) {
    const status = statusOf(error);
    const { code, message } = error;
    return { status, body: { code, message }, headers: headersOf(error, status) };
  }
  const status = (error as Partial<FastifyError> | undefined)?.statusCode ?? 500;
  const code = FASTIFY_CODES[status] ?? 'internal';
  return {
    status: code === 'internal' ? 500 : status,
    body: { code, message: messageOf(error) },
    headers: {},
  };
}

function headersOf(error: EagleError, status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status === 429 || status === 503) return { 'retry-after': retryAfter(error) };
  return {};
}

/** Seconds to wait, at least 1, as the header `retry-after` has them (RFC 9110, 10.2.3). */
export function retryAfter(error: EagleError): string {
  return String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000)));
}
