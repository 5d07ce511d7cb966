import type { ConnectRouter, Interceptor } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { blameSender } from './blame-sender.ts';
import { compressAnswer } from './compress-answer.ts';
import { MESSAGE_COMPRESSIONS } from './compression.ts';
import { discardRest } from './discard-rest.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { createOnePort, type OnePort } from './one-port.ts';
import { errorReply } from './reply-error.ts';
import { errorInterceptor } from './rpc-error.ts';

export interface AppOptions extends GuardOptions {
  /** Services of Connect, gRPC and gRPC-web. */
  readonly routes: (router: ConnectRouter) => void;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
}

export interface App {
  /** Takes further routes until it is ready. */
  readonly fastify: FastifyInstance;
  readonly port: OnePort;
}

/**
 * Only what the page itself brings may run or be shown in it; uPlot and the canvas set their sizes
 * through style attributes.
 */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** An HTTP application on one port: guarded, counted, and with all errors in one form. */
export function createApp(options: AppOptions): App {
  const { limits, telemetry } = options;
  let port: OnePort | undefined;
  const app = fastify({
    serverFactory: (handler) => {
      port = createOnePort(handler, limits);
      return port.http1;
    },
    // Bodies are read by our own parser or by Connect, which have bounds of their own.
    bodyLimit: limits.value('body_bytes'),
    requestIdHeader: false,
  });
  if (!port) throw new TypeError('fastify made no server');
  const guard = createGuard(options);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(PAGE_HEADERS);
    guard(guarded(request));
  });
  app.addHook('onSend', compressAnswer);
  app.addHook('onResponse', async (request, reply) => {
    count(request, reply, telemetry);
  });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, body, headers } = errorReply(error);
    if (status === 500) telemetry.log.error({ err: error, url: request.url }, 'request failed');
    discardRest(request.raw, reply.raw, limits);
    await reply.code(status).headers(headers).type('application/json').send(body);
  });
  app.setNotFoundHandler(async (request, reply) => {
    discardRest(request.raw, reply.raw, limits);
    const message = `nothing is at ${request.method} ${pathOf(request)}`;
    await reply.code(404).send({ code: 'not_found', message });
  });
  app.register(fastifyConnectPlugin, {
    routes: options.routes,
    acceptCompression: MESSAGE_COMPRESSIONS,
    readMaxBytes: limits.value('message_bytes'),
    maxTimeoutMs: 24 * 60 * 60 * 1_000,
    // A mistyped field of a selection would otherwise select everything.
    jsonOptions: { ignoreUnknownFields: false },
    interceptors: [errorInterceptor(telemetry) satisfies Interceptor],
    requestGate: blameSender,
  });
  return { fastify: app, port };
}

function guarded(request: FastifyRequest): Parameters<ReturnType<typeof createGuard>>[0] {
  const authority = request.headers[':authority'] ?? request.headers.host ?? '';
  return {
    method: request.method,
    path: pathOf(request),
    authority: String(authority),
    headers: request.headers,
  };
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function count(request: FastifyRequest, reply: FastifyReply, { metrics }: Telemetry): void {
  // The route's pattern, not the path: peers must not be able to make new series.
  const labels = { route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) };
  metrics.requests.inc(labels);
  metrics.requestSeconds.observe({ route: labels.route }, reply.elapsedTime / 1_000);
}
