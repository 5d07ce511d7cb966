import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ROUTES } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/** Who may ask. */
export interface GuardOptions {
  /** Whether only this machine can reach the port. */
  readonly loopback: boolean;
  /** Bearer token that every request must carry; `undefined` lets anybody in. */
  readonly token: string | undefined;
}

/** What a guard looks at. */
export interface GuardedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Host header or HTTP/2 authority. */
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
}

/** Throws `unauthenticated` or `permission_denied` for a request that may not be answered. */
export type Guard = (request: GuardedRequest) => void;

const PROBES: readonly string[] = [ROUTES.healthz, ROUTES.readyz];

/**
 * Refuses requests without the token, requests that a web page of another origin made the browser
 * send, and, on loopback, requests for any host name but this machine's: a page whose name was
 * rebound to 127.0.0.1 could read profiles otherwise.
 */
export function createGuard({ loopback, token }: GuardOptions): Guard {
  const expected = token === undefined ? undefined : digest(token);
  return (request) => {
    if (loopback) requireLoopbackName(request.authority);
    requireOwnOrigin(request);
    if (expected !== undefined && !PROBES.includes(request.path)) {
      requireToken(request.headers.authorization ?? '', expected);
    }
  };
}

function requireLoopbackName(authority: string): void {
  if (isLoopbackName(authority.replace(/:\d+$/, ''))) return;
  throw new EagleError(
    'permission_denied',
    `expected host localhost or 127.0.0.1, got ${JSON.stringify(authority)}: bind another address with --host to be reached by name`,
  );
}

function requireOwnOrigin({ method, authority, headers }: GuardedRequest): void {
  const { origin } = headers;
  if (origin === undefined || method === 'GET' || method === 'HEAD') return;
  if (URL.parse(origin)?.host === authority) return;
  throw new EagleError('permission_denied', `pages of ${origin} may not send requests here`);
}

function requireToken(authorization: string, expected: Buffer): void {
  const [scheme = '', token = ''] = authorization.split(' ');
  if (scheme.toLowerCase() === 'bearer' && timingSafeEqual(digest(token), expected)) return;
  throw new EagleError(
    'unauthenticated',
    'expected the header `authorization: Bearer TOKEN` with the token of the server',
  );
}

/** Whether an address or a name to bind to is reachable from this machine alone. */
export function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/** Of equal length for every token, so that comparing tells nothing of theirs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
